"""Who calls in made-up traffic: programs with their habits, and customers; it does not know when, nor at what price."""

from dataclasses import dataclass

# How long the calls of one session go on: a single call, a talk of a few, an agent at work: mean steps and the most.
SINGLE, TALK, AGENT = (1, 1), (4, 14), (11, 48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One program. `models` names its models as often as it calls them; `fallback` is asked when these fail.

    weight: its share of sessions. sections: where in the program the steps are, over and over.
    answered_from_cache, asked_again: shares of requests that are equal to one before, of another session or a client
    that did not wait.
    prefix, fresh, growth: input tokens that all calls share, that each brings, and that each step adds.
    """

    name: str
    weight: float
    length: tuple[int, int]
    key_name: str | None
    client: str
    models: list[str]
    fallback: str | None
    prefix: int
    fresh: int
    answer: int
    growth: int = 0
    streamed: float = 0.0
    sections: list[str]
    experiment: str | None = None
    answered_from_cache: float = 0.0
    asked_again: float = 0.0
    searches: float = 0.0
    version: str = "1.0"


FEATURES = (
    Feature(
        name="support-chat", weight=16, length=TALK, key_name="support production", client="openai-python",
        models=["gpt-5.4-mini", "gpt-5.4-mini", "gpt-5.4-mini", "claude-haiku", "gpt-5.6-luna"], fallback="router-mini",
        prefix=1800, fresh=160, growth=420, answer=210, streamed=0.95, sections=["support", "support/answer"],
        experiment="warmer-tone", version="3.2", asked_again=0.002,
    ),
    Feature(
        name="code-assistant", weight=2.2, length=AGENT, key_name="engineering", client="claude-cli",
        models=["claude-opus", "claude-sonnet", "claude-sonnet", "claude-plan"], fallback="claude-bedrock",
        prefix=16000, fresh=900, growth=2300, answer=420, streamed=1, version="2.1",
        sections=["agent:code", "agent:code/tool:read", "agent:code/tool:edit", "agent:code/tool:test"],
    ),
    Feature(
        name="research", weight=1.2, length=AGENT, key_name="research", client="anthropic-sdk-python",
        models=["claude-sonnet", "gpt-5.4", "gemini-pro"], fallback="router-sonnet", searches=0.3, version="0.9",
        prefix=3200, fresh=1400, growth=3100, answer=620, streamed=0.7,
        sections=["agent:research", "agent:research/tool:web_search", "agent:research/tool:web_search",
                  "agent:research/writer"],
    ),
    Feature(
        name="search", weight=34, length=SINGLE, key_name="search production", client="openai-node",
        models=["embedding"], fallback=None, prefix=0, fresh=85, answer=0, sections=["search/embed"],
        answered_from_cache=0.06, version="5.0",
    ),
    Feature(
        name="extraction", weight=22, length=SINGLE, key_name="documents", client="python-httpx",
        models=["gpt-5.4-mini", "gpt-4o-mini", "gpt-4o-mini", "llama-groq", "gemini-flash"], fallback="claude-haiku",
        prefix=1300, fresh=2100, answer=190, sections=["documents/extract"], answered_from_cache=0.03, version="4.4",
        asked_again=0.002,
    ),
    Feature(
        name="summaries", weight=14, length=SINGLE, key_name="documents", client="google-genai-sdk",
        models=["gemini-flash", "gemini-flash", "gpt-5.6-luna", "gpt-5.4-flex"], fallback="gpt-5.4-mini", prefix=700,
        fresh=5200, answer=380, streamed=0.3, sections=["documents/summarise"], experiment="shorter-prompt",
        version="1.7",
    ),
    Feature(
        name="translation", weight=7, length=SINGLE, key_name="documents", client="mistral-client-python",
        models=["mistral-large"], fallback="gemini-flash", prefix=240, fresh=900, answer=950, streamed=0.2,
        sections=["documents/translate"], version="1.1",
    ),
    Feature(
        name="sales-mail", weight=4, length=SINGLE, key_name=None, client="OpenAI-Go",
        models=["router-mini", "router-sonnet"], fallback="gpt-5.4-mini", prefix=1100, fresh=500, answer=450,
        sections=["sales/mail"], version="2.0",
    ),
    Feature(
        name="moderation", weight=9, length=SINGLE, key_name="trust", client="python-requests", models=["own-guard"],
        fallback="gpt-4o-mini", prefix=300, fresh=260, answer=12, sections=["trust/check"], version="1.3",
    ),
    Feature(
        name="evaluation", weight=0.6, length=SINGLE, key_name="engineering", client="openai-python",
        models=["batch-mini"], fallback=None, prefix=0, fresh=90_000, answer=24_000,
        sections=["nightly/evaluate"], version="1.0",
    ),
)  # fmt: skip

_FIRST = (
    "acme",
    "globex",
    "initech",
    "umbra",
    "northwind",
    "contoso",
    "hooli",
    "vandelay",
    "stark",
    "wayne",
    "tyrell",
    "cyber",
)
_SECOND = ("", "-labs", "-bank", "-health", "-retail", "-energy", "-media", "-travel", "-foods", "-motors")  # fmt: skip
# The first are the largest.
CUSTOMERS = [first + second for second in _SECOND for first in _FIRST]
# In the hours of the spike this one's agents run wild.
SPENDER = "umbra-health"

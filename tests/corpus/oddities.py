"""Recordings that look wrong, looked at by hand: what is odd about each, and which check does not hold for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Oddity:
    """Exchanges whose source begins with `source`, the check that is waived for them (empty: none), and why."""

    source: str
    waives: str
    reason: str


FANTASY = "charmbracelet/fantasy:providertests/testdata/"
RUBY_LLM = "crmne/ruby_llm:spec/fixtures/vcr_cassettes/"
TRACELOOP_JS = "traceloop/openllmetry-js:packages/"

ODDITIES = (
    # Checks that do not hold.
    Oddity(
        "simonw/llm:tests/cassettes/test_tools_streaming/test_tools_streaming_variant_",
        "priced",
        "hand-edited: OpenRouter answers of moonshotai/kimi-k2 (one renamed muse-spark-1.1) under api.openai.com,"
        " so that host has no price for them and its `usage.cost` is not OpenAI's word",
    ),
    # Figures where a list price cannot reach what the provider says: only compared, never asserted.
    Oddity(FANTASY + "TestVercelThinking/gpt-5", "list", "as the next"),
    Oddity(
        FANTASY + "TestVercelCommon/gpt-5",
        "list",
        "Vercel charges the reasoning of gpt-5 on top of completion_tokens, which include it already"
        " (113 in, 327 out of which 256 reasoning: 0.00597125 = 113*1.25e-6 + 583*10e-6; `Ola!` took 124 tokens,"
        " 64 of them counted as reasoning, so the count is inclusive and the charge is theirs)",
    ),
    Oddity(
        FANTASY + "TestOpenRouterCommon/kimi",
        "list",
        "OpenRouter routes to a host with a price of its own, 6% to 40% over the cheapest that price lists carry",
    ),
    Oddity(
        RUBY_LLM + "chat_citations_with_openrouter_perplexity_sonar",
        "list",
        "Perplexity's request fee of 0.005 USD is in the cost, not in the tokens",
    ),
    Oddity(
        RUBY_LLM + "image_edit_functionality_with_openrouter",
        "list",
        "image output tokens cost more than text ones: 1120 * 30e-6 is nearly all of 0.0339",
    ),
    Oddity(
        RUBY_LLM + "chat_web_search_with_openrouter",
        "list",
        "3 web searches of 0.01 USD are in the cost: 0.029617 + 0.00679 + 0.03 = 0.066407",
    ),
    Oddity(
        "envoyproxy/ai-gateway:tests/internal/testopenai/cassettes/image-generation-basic.yaml",
        "priced",
        "gpt-image-1-mini bills tokens, and the recorder took the usage off the answer",
    ),
    Oddity(
        RUBY_LLM + "image_edit_functionality_with_xai_reference_images",
        "list",
        "two pictures were sent, at 0.01 USD each: 0.05 + 2 * 0.01 = 0.07",
    ),
    # Worth knowing; every check holds.
    Oddity(
        TRACELOOP_JS + "instrumentation-cohere/recordings/",
        "",
        "v1 chat and rerank without a model: neither request nor answer names the host's default, so no price",
    ),
    Oddity("AgentOps-AI/agentops:tests/fixtures/recordings/test_cohere_provider.yaml", "", "v1 chat without a model"),
    Oddity(
        "openai/openai-dotnet:tests/SessionRecords/ImageEditsTests/",
        "",
        "the recorder replaced the multipart request by {}, so nothing names the model and there is no price",
    ),
    Oddity(RUBY_LLM + "transcription_basic_functionality_", "", "request replaced by {}: no model, as above"),
    Oddity(
        RUBY_LLM + "chat_streaming_responses_azure_grok",
        "",
        "cached 161 of a prompt of 7 (cut to it); and `cost_in_usd_ticks: 0` on Azure streams is no price of zero",
    ),
    Oddity(
        FANTASY + "TestAnthropicWebSearch/stream",
        "",
        "server tools: the delta's input_tokens (13520, 33652) replaces the start's (2049, 11734)",
    ),
    Oddity(
        TRACELOOP_JS + "traceloop-sdk/recordings/Test-AI-SDK-Integration-with-Recording",
        "",
        "1200 tokens written to the cache but a 5m/1h split of 0/0: the total holds, all of it 5m",
    ),
    Oddity(
        "tmc/langchaingo:llms/googleai/testdata/TestGoogleAIToolCallResponse",
        "",
        "promptTokenCount falls from 78 to 33 in the last chunk: the last whole object holds, no maximum",
    ),
)


def oddities_of(source: str) -> tuple[Oddity, ...]:
    """What is known to be odd about a recording."""
    return tuple(odd for odd in ODDITIES if source.startswith(odd.source))


def waived(source: str, check: str) -> bool:
    """Whether a check does not hold for a recording."""
    return any(odd.waives == check for odd in oddities_of(source))


# Models whose price two public lists state alike and we otherwise: provider/model, and why ours stands.
PRICE_ODDITIES: tuple[tuple[str, str], ...] = ()

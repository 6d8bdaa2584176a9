"""What a call may use and cost, told from its request and from earlier calls; it does not know who limits it."""

from collections import OrderedDict
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock

from msgspec import structs

from llmobs import tokens
from llmobs.attempt import Attempt
from llmobs.estimate import MESSAGE_TOKENS
from llmobs.event import Event
from llmobs.facts import OF_TEXT
from llmobs.request import Request
from llmobs.units import Quantities
from llmobs.wire.lazy import fields, value

# English has four bytes a token, code and most other languages fewer: what is set aside shall rather be too much.
BYTES_PER_TOKEN = 3
# What a call writes that says no maximum, of a model that has not answered yet: twice the length of a usual answer.
UNTOLD_OUTPUT_TOKENS = 1_000
# So many models are remembered.
MODELS = 1_000
# How APIs name the most that may be written, and how many answers of that length.
_MOST = (
    "max_completion_tokens", "max_tokens", "max_output_tokens", "generationConfig.maxOutputTokens",
    "generation_config.max_output_tokens", "inferenceConfig.maxTokens", "options.num_predict",
    "parameters.max_new_tokens", "textGenerationConfig.maxTokenCount", "max_gen_len", "max_tokens_to_sample",
    "max_new_tokens",
)  # fmt: skip
_TIMES = ("n", "generationConfig.candidateCount", "best_of", "num_generations")


@dataclass(frozen=True, slots=True)
class Expected:
    """The row that a call may become, its tokens, and USD; None where its price is not known."""

    event: Event
    tokens: int
    usd: Decimal | None


@dataclass(slots=True)
class _Mean:
    total: Decimal = Decimal(0)
    count: int = 0

    def add(self, amount: Decimal | int) -> None:
        self.total += amount
        self.count += 1

    def get(self) -> Decimal:
        return self.total / self.count


type _Name = tuple[str | None, str | None]


@dataclass(slots=True)
class Habits:
    """Expects of a call what it asks for, and where it does not say, what calls of its model used on average.

    Guards may share it: who asks for the same call again gets the same answer, and a mean does not change where each
    call is learnt as often as any other.
    """

    _output: OrderedDict[_Name, _Mean] = field(default_factory=OrderedDict)
    _usd: OrderedDict[_Name, _Mean] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    _latest: tuple[Attempt, Expected] | None = None

    def learn(self, event: Event) -> None:
        """Take what a call used."""
        name = event.provider, event.request_model
        with self._lock:
            if event.output_tokens:
                _mean(self._output, name).add(event.output_tokens)
            if event.cost_usd:
                _mean(self._usd, name).add(event.cost_usd)

    def expect(self, attempt: Attempt) -> Expected:
        """What a call may use whose request is complete. A socket's responses come later, and are not known yet."""
        if self._latest is None or self._latest[0] is not attempt:
            self._latest = attempt, self._expect(attempt)
        return self._latest[1]

    def _expect(self, attempt: Attempt) -> Expected:
        opening = structs.replace(attempt.opening, request_model=attempt.request_model)
        if attempt.dialect.turns is not None and opening.method != "POST":
            return Expected(opening, 0, None)
        used = self._used(attempt) if opening.operation in OF_TEXT else {}
        invoice = attempt.expect(used)
        usd = invoice.cost_usd if invoice.cost_usd is not None else self._usual(attempt)
        return Expected(structs.replace(opening, model=invoice.model), int(sum(used.values())), usd)

    def _usual(self, attempt: Attempt) -> Decimal | None:
        with self._lock:
            found = self._usd.get((attempt.provider.id, attempt.request_model))
            return found.get() if found else None

    def _used(self, attempt: Attempt) -> Quantities:
        used: Quantities = {"input": _input_tokens(attempt)}
        if attempt.opening.operation != "embeddings":
            used["output"] = self._output_tokens(attempt)
        return used

    def _output_tokens(self, attempt: Attempt) -> int:
        request = Request(attempt.asked, attempt.query)
        most = _first(request, _MOST)
        return most * (_first(request, _TIMES) or 1) if most else self._usual_output(attempt)

    def _usual_output(self, attempt: Attempt) -> int:
        with self._lock:
            found = self._output.get((attempt.provider.id, attempt.request_model))
            return int(found.get()) if found else UNTOLD_OUTPUT_TOKENS


def _mean(means: OrderedDict[_Name, _Mean], name: _Name) -> _Mean:
    found = means.setdefault(name, _Mean())
    means.move_to_end(name)
    if len(means) > MODELS:
        means.popitem(last=False)
    return found


def _first(request: Request, paths: tuple[str, ...]) -> int:
    found = (request.find(path) for path in paths)
    return next((n for n in found if isinstance(n, int) and not isinstance(n, bool) and n > 0), 0)


def _input_tokens(attempt: Attempt) -> int:
    """The text of a request in tokens, roughly: it is looked at on the event loop."""
    members = fields(attempt.asked)
    prompt = [value(members[name]) for name in attempt.dialect.prompt if name in members]
    messages = next((part for part in prompt if isinstance(part, list)), [])
    size = sum(len(text.encode("utf-8", "replace")) for text in tokens.text_of(prompt))
    return -(-size // BYTES_PER_TOKEN) + len(messages) * MESSAGE_TOKENS

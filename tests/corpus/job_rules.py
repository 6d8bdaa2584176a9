"""Work that goes on after its request, told by an id, and the lines of a batch's results (WIRE.md sections 2 to 7).

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.corpus.expected import NOTHING, Expected, Reader, State, at, count, last, units
from tests.corpus.host_rules import assistants_run, xai_chat
from tests.corpus.media_rules import billed, stripe_payment, xai_pictures
from tests.corpus.recording import Exchange, Json
from tests.corpus.wire_rules import anthropic, gemini, openai_chat, openai_responses

type JobReader = Callable[[Exchange, list[Json]], Expected | None]
type LineReader = Callable[[Exchange, list[Json]], list[Expected]]

PATH_ID = re.compile(r"[^/]+$")


@dataclass(frozen=True, slots=True)
class Work:
    """Where an answer tells of work: its id, its state, and what it used once that is over."""

    id: str
    state: str
    done: frozenset[str]
    failed: frozenset[str]
    reader: Reader
    results: tuple[str, ...] = ()

    def __call__(self, exchange: Exchange, found: list[Json]) -> Expected | None:
        """What the last message that names the work says of it."""
        told = [message for message in found if isinstance(at(message, self.id), str)]
        if not told:
            return None
        state = self._state(at(told[-1], self.state))
        said = self.reader(exchange, told[-1:]) if state is not State.PENDING else None
        places = {place for path in self.results if isinstance(place := at(told[-1], path), str)}
        return replace(
            said or NOTHING, jobs=frozenset({str(at(told[-1], self.id))}), state=state, results=frozenset(places)
        )

    def _state(self, value: object) -> State:
        name = str(value)
        return State.DONE if name in self.done else State.FAILED if name in self.failed else State.PENDING


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


def background(exchange: Exchange, found: list[Json]) -> Expected | None:
    """A response is work of its own only where it says that it runs in the background; else a GET repeats a POST."""
    responses = [r for m in found if isinstance(r := m.get("response", m), dict)]
    told = [r for r in responses if r.get("background") is True and r.get("object") == "response"]
    return RESPONSE(exchange, told) if told else None


def replicate(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Seconds of hardware, or tokens of an official model, both in `metrics` and only at the end (section 7)."""
    metrics = last(found, "metrics")
    if "input_token_count" in metrics:
        tokens = count(metrics, "input_token_count"), count(metrics, "output_token_count")
        return Expected(metered=True, has_usage=True, usage=metrics, input_tokens=tokens[0], output_tokens=tokens[1])
    return billed(units(compute_second=metrics.get("predict_time")), metrics)


def batch_total(exchange: Exchange, found: list[Json]) -> Expected | None:
    """The whole batch's usage, zeros until it is over and absent from older objects (section 2)."""
    said = openai_responses(exchange, found)
    return said if said and said.total else None


def unread(exchange: Exchange, found: list[Json]) -> Expected | None:
    """The object of the work tells no usage: only its results do."""
    return None


def xai_batch(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Counts of requests instead of a state: over when some were added and none is pending."""
    state, name = last(found, "state"), at(found[0], "batch_id") if found else None
    if not isinstance(name, str):
        return None
    over = state.get("num_requests") and not state.get("num_pending")
    said = replace(NOTHING, jobs=frozenset({name}), results=frozenset({name}))
    return replace(said, state=State.DONE if over else State.PENDING)


def xai_video(exchange: Exchange, found: list[Json]) -> Expected | None:
    """The request names the work, later the URL alone does; the last answer has the price in ticks (section 7)."""
    asked = at(found[0], "request_id") if found else None
    named = PATH_ID.search(exchange.path)
    if exchange.method == "POST" and not isinstance(asked, str):
        return None
    name = str(asked) if exchange.method == "POST" else named[0] if named else ""
    over = at(found[0], "status") == "done"
    said = (xai_pictures(exchange, found) if over else None) or NOTHING
    return replace(said, jobs=frozenset({name}), state=State.DONE if over else State.PENDING)


def veo(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Seconds of video are in the request alone; the operation tells when it is over (section 4)."""
    name = at(found[0], "name") if found else None
    if not isinstance(name, str):
        return None
    over, seconds = at(found[0], "done") is True, at(exchange.request, "parameters.durationSeconds")
    said = replace(NOTHING, jobs=frozenset({name}), quantities=units(video_second=seconds))
    return replace(said, state=State.DONE if over else State.PENDING)


def gemini_batch(exchange: Exchange, found: list[Json]) -> Expected | None:
    """`metadata.state`, and the results inside the same object (section 4)."""
    name = at(found[0], "name") if found else None
    if not isinstance(name, str):
        return None
    over = bool(at(found[0], "metadata.output")) or at(found[0], "done") is True
    state = State.DONE if over else State.PENDING
    return replace(NOTHING, jobs=frozenset({name}), state=state, results=frozenset({name}))


RESPONSE = Work("id", "status", _set("completed", "incomplete"), _set("failed", "cancelled"), openai_responses)
RUN = Work("id", "status", _set("completed", "incomplete"), _set("failed", "cancelled", "expired"), assistants_run)
OPENAI_BATCH = Work(
    "id", "status", _set("completed"), _set("failed", "expired", "cancelled"), batch_total, ("output_file_id",)
)
ANTHROPIC_BATCH = Work("id", "processing_status", _set("ended"), _set(), unread, ("id", "results_url"))
MISTRAL_BATCH = Work(
    "id", "status", _set("SUCCESS"), _set("FAILED", "CANCELLED", "TIMEOUT_EXCEEDED"), unread, ("id", "output_file")
)
PREDICTION = Work("id", "status", _set("succeeded"), _set("failed", "canceled"), replicate)

# methods, host pattern, path pattern, provider, reader; whole paths, first match wins
WORK: tuple[tuple[str, str, str, str, JobReader], ...] = (
    ("POST|GET", r"api\.openai\.com", r"/v1/responses(/resp_\w+(/cancel)?)?", "openai", background),
    ("POST|GET", r"api\.openai\.com", r"/v1/threads/([^/]+/)?runs(/run_\w+(/\w+)?)?", "openai", RUN),
    ("POST|GET", r"api\.openai\.com", r"/v1/batches(/batch_\w+(/cancel)?)?", "openai", OPENAI_BATCH),
    ("POST|GET", r"api\.anthropic\.com", r"/v1/messages/batches(/\w+(/cancel)?)?", "anthropic", ANTHROPIC_BATCH),
    ("POST", r"generativelanguage\.googleapis\.com", r".*:batchGenerateContent", "gcp.gemini", gemini_batch),
    ("GET", r"generativelanguage\.googleapis\.com", r"/v1beta/batches/\w+", "gcp.gemini", gemini_batch),
    ("POST", r"generativelanguage\.googleapis\.com", r".*:predictLongRunning", "gcp.gemini", veo),
    ("GET", r"generativelanguage\.googleapis\.com", r".*/operations/\w+", "gcp.gemini", veo),
    ("POST|GET", r"api\.mistral\.ai", r"/v1/batch/jobs(/[\w-]+(/cancel)?)?", "mistral_ai", MISTRAL_BATCH),
    ("POST|GET", r"api\.x\.ai", r"/v1/batches(/[\w-]+)?", "x_ai", xai_batch),
    ("POST|GET", r"api\.x\.ai", r"/v1/videos/(generations|[\w-]+)", "x_ai", xai_video),
    ("POST|GET", r"api\.stripe\.com", r"/v1/(payment_intents|charges)(/\w+)?", "stripe", stripe_payment),
    (
        "POST|GET",
        r"api\.replicate\.com",
        r"/v1/(models/.+/)?(predictions|trainings)(/\w+(/cancel)?)?",
        "replicate",
        PREDICTION,
    ),
)


def told(methods: str, exchange: Exchange) -> bool:
    """Whether a row of the table is for the method."""
    return exchange.method in methods.split("|")


def openai_lines(exchange: Exchange, found: list[Json]) -> list[Expected]:
    """An output file: `response.body` is a whole answer; a file of another kind has none (section 2)."""
    place = exchange.path.split("/")[-2]
    answers = [(m, at(m, "response.body")) for m in found]
    return [
        _line(_answer(exchange, body), {place}, (m.get("custom_id"), m.get("id")), body)
        for m, body in answers
        if isinstance(body, dict)
    ]


def _answer(exchange: Exchange, body: Json) -> Expected | None:
    chat = "prompt_tokens" in (last([body], "usage"))
    return (openai_chat if chat else openai_responses)(exchange, [body])


def anthropic_lines(exchange: Exchange, found: list[Json]) -> list[Expected]:
    """`result.message` of each line; what did not succeed is not billed (section 3)."""
    place, url = exchange.path.split("/")[-2], f"https://{exchange.host}{exchange.path}"
    answers = [(m, last([m], "result.message")) for m in found if "result" in m]
    return [_line(anthropic(exchange, [body]), {place, url}, (m.get("custom_id"),), body) for m, body in answers]


def gemini_lines(exchange: Exchange, found: list[Json]) -> list[Expected]:
    """Responses inside the batch (section 4), by their key or else by their place, which is that of the request."""
    items = at(found[0], "metadata.output.inlinedResponses.inlinedResponses") if found else None
    name = str(at(found[0], "name")) if found else ""
    answers = [(n, i, last([i], "response")) for n, i in enumerate(items if isinstance(items, list) else [], 1)]
    return [
        _line(gemini(exchange, [body]), {name}, (at(item, "metadata.key"), str(n)), body) for n, item, body in answers
    ]


def xai_lines(exchange: Exchange, found: list[Json]) -> list[Expected]:
    """Chat answers by the id that the request gave them."""
    items = found[0].get("results") if found else None
    place = exchange.path.split("/")[-2]
    answers = [
        (i, last([i], "batch_result.response.chat_get_completion")) for i in (items if isinstance(items, list) else [])
    ]
    return [_line(xai_chat(exchange, [body]), {place}, (i.get("batch_request_id"),), body) for i, body in answers]


def mistral_lines(exchange: Exchange, found: list[Json]) -> list[Expected]:
    """`outputs` inside the finished job."""
    items = found[0].get("outputs") if found else None
    places = {str(at(found[0], key)) for key in ("id", "output_file")} if found else set()
    answers = [(i, last([i], "response.body")) for i in (items if isinstance(items, list) else [])]
    return [
        _line(openai_chat(exchange, [body]), places, (i.get("custom_id"), i.get("id")), body) for i, body in answers
    ]


def _line(said: Expected | None, places: set[str], names: tuple[object, ...], body: object) -> Expected:
    jobs = frozenset(f"{place}/{name}" for place in places for name in names if isinstance(name, str))
    model = at(body, "modelVersion") or at(body, "model")
    known = model if isinstance(model, str) else None
    return replace(said or NOTHING, jobs=jobs, line=True, results=frozenset(places), model=known)


LINES: tuple[tuple[str, str, str, LineReader], ...] = (
    (r"api\.openai\.com", r"/v1/files/[\w-]+/content", "openai", openai_lines),
    (r"api\.anthropic\.com", r"/v1/messages/batches/\w+/results", "anthropic", anthropic_lines),
    (r"generativelanguage\.googleapis\.com", r"/v1beta/batches/\w+", "gcp.gemini", gemini_lines),
    (r"api\.x\.ai", r"/v1/batches/[\w-]+/results", "x_ai", xai_lines),
    (r"api\.mistral\.ai", r"/v1/batch/jobs/[\w-]+", "mistral_ai", mistral_lines),
)

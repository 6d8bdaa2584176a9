"""gRPC answers, encoded here by hand, as the meter reads them."""

import json

from llmobs.attempt import Attempt
from llmobs.dialect import read
from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Outcome
from llmobs.meter import Known, Meter
from tests.books import BOOK
from tests.frames import grpc_frame, tagged, varint
from tests.test_attempt import attempt

VARINT, LENGTH = 0, 2


def number(field: int, value: int) -> bytes:
    """An integer field."""
    return tagged(field, VARINT, varint(value))


def text(field: int, value: str) -> bytes:
    """A string field."""
    return tagged(field, LENGTH, value.encode())


def nested(field: int, *parts: bytes) -> bytes:
    """A message within a message."""
    return tagged(field, LENGTH, b"".join(parts))


XAI_USAGE = (number(1, 20), number(2, 100), number(3, 150), number(6, 30), number(7, 60), number(11, 5000))
XAI = text(1, "id-1") + text(6, "grok-x") + nested(9, *XAI_USAGE)
XAI_LAST = text(1, "id-1") + nested(2, number(3, 1)) + text(4, "grok-x") + nested(6, *XAI_USAGE)
AUDIO = nested(9, number(1, 4), number(2, 40))
VERTEX = (
    nested(2, number(3, 1), nested(7, text(1, "a query"), text(1, "another")))
    + nested(4, number(1, 100), number(2, 10), number(3, 150), number(8, 4), AUDIO, number(14, 40))
    + text(11, "gemini-x")
)


def fed(dialect: str, *messages: bytes) -> Meter:
    """A meter after these messages."""
    meter = Meter(DIALECTS[dialect])
    for message in messages:
        meter.feed(message)
    return meter


def quantities(meter: Meter, dialect: str) -> dict[str, object]:
    """What the usage object bills."""
    (reading,) = read(DIALECTS[dialect], meter.usage or {})
    return dict(reading.quantities)


def test_xai_completion() -> None:
    """Reasoning stands beside the completion, cached tokens are in the prompt, and the cost is told in ticks."""

    meter = fed("xai_grpc", XAI)

    assert quantities(meter, "xai_grpc") == {"input": 40, "cached_input": 60, "output": 20, "reasoning": 30}
    assert (meter.model, meter.response_id, meter.known) == ("grok-x", "id-1", Known.FINAL)
    assert (meter.usage or {})["cost_in_usd_ticks"] == 5000


def test_xai_stream() -> None:
    """The running usage of a stream is final with the chunk that ends it."""

    first = nested(2, nested(1, text(1, "hi"))) + nested(6, number(1, 1), number(2, 100))
    running, ended = fed("xai_grpc_stream", first), fed("xai_grpc_stream", first, XAI_LAST)

    assert (running.known, ended.known) == (Known.RUNNING, Known.FINAL)
    assert quantities(ended, "xai_grpc_stream")["output"] == 20


def test_vertex() -> None:
    """Modalities and tiers come as numbers; each query of a grounded answer is counted."""

    meter = fed("gemini_grpc", VERTEX)

    assert quantities(meter, "gemini_grpc") == {"input": 60, "input_audio": 40, "output": 10, "reasoning": 40}
    assert (meter.tier, meter.fees) == ("flex", {"web_search": 2, "grounded_prompt": 1})


def test_pinecone() -> None:
    """A query tells its read units."""

    assert quantities(fed("pinecone_grpc", nested(4, number(1, 6))), "pinecone_grpc") == {"read_unit": 6}


def test_the_request_names_the_model() -> None:
    """Model and prompt are read out of the request's message; a request without one names nothing."""

    call = asking(nested(1, nested(2, text(1, "hello"))) + text(2, "grok-x"))
    assert call.request_model == "grok-x"
    assert json.loads(call.asked)["messages"] == [{"content": [{"text": "hello"}]}]

    call.ask(b"", 0)
    assert call.request_model == "grok-x"


def asking(request: bytes) -> Attempt:
    """An attempt that has sent this message."""
    call = attempt(DIALECTS["xai_grpc"], path="/xai_api.Chat/GetCompletion")
    call.ask(grpc_frame(request), len(request) + 5)
    return call


def test_a_status_after_the_headers_refuses_the_call() -> None:
    """A gRPC call that failed without usage is not billed; one that told usage before it failed is."""

    call = asking(text(2, "gpt-x"))
    call.refusal = "grpc_8"
    event = call.event(Outcome.OK)
    assert (event.cost_status, event.error_type, event.outcome) == (CostStatus.NOT_BILLED, "grpc_8", Outcome.ERROR)

    call.meter.feed(XAI)
    assert call.event(Outcome.OK).input_tokens == 100


def test_a_deferred_answer_is_a_job() -> None:
    """A poll that is not done tells of no job; the one that brings the answer is billed by its id."""

    waiting, done = (attempt(DIALECTS["xai_grpc_deferred"]) for _ in range(2))
    waiting.meter.feed(number(2, 3))
    done.meter.feed(nested(1, XAI) + number(2, 1))

    assert waiting.job_id is None
    assert (done.job_id, done.pending, done.meter.model) == ("id-1", False, "grok-x")
    assert BOOK.providers  # the small price book has no xAI: only what is read is of interest here

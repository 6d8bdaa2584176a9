import gc
import json
import logging
import random
from decimal import Decimal
from typing import Any

import pytest

from llmobs.event import Outcome
from llmobs.websocket import tap as module
from tests.cuts import growth
from tests.websocket.conversation import Socket

USD = Decimal
CREATE = {"type": "response.create"}
SESSION = {
    "type": "session.created",
    "session": {"model": "gpt-realtime", "audio": {"input": {"transcription": {"model": "whisper-x"}}}},
}
# 100 of text (40 cached), 200 of sound (150 cached); 10 of text, 90 of sound.
USAGE = {
    "total_tokens": 400,
    "input_tokens": 300,
    "output_tokens": 100,
    "input_token_details": {
        "text_tokens": 100,
        "audio_tokens": 200,
        "cached_tokens": 190,
        "cached_tokens_details": {"text_tokens": 40, "audio_tokens": 150},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 90},
}
COST = (USD(60) * 4 + USD(40) * USD("0.4") + USD(50) * 32 + USD(150) * USD("0.5") + USD(10) * 16 + USD(90) * 64) / 10**6
ASK = {"type": "response.create", "model": "gpt-x", "input": "hello there"}
TOLD = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
SETUP = {"setup": {"model": "models/gemini-live", "generationConfig": {}}}
LIVE_USAGE = {
    "promptTokenCount": 100,
    "responseTokenCount": 20,
    "totalTokenCount": 120,
    "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 60}, {"modality": "TEXT", "tokenCount": 40}],
    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
}


def created(key: str = "r1") -> dict[str, Any]:
    """A response begins."""
    response = {"object": "realtime.response", "id": key, "status": "in_progress", "usage": None}
    return {"type": "response.created", "response": response}


def said(key: str = "r1", words: str = "four words of text") -> dict[str, Any]:
    """A piece of what is said."""
    return {"type": "response.output_audio_transcript.delta", "response_id": key, "delta": words}


def sound(key: str = "r1", size: int = 400) -> dict[str, Any]:
    """A piece of sound."""
    return {"type": "response.output_audio.delta", "response_id": key, "delta": "QUJD" * size}


def done(key: str = "r1", status: str = "completed", usage: Any = USAGE, **details: Any) -> dict[str, Any]:
    """A response ends."""
    return {"type": "response.done", "response": {"id": key, "status": status, "usage": usage, **details}}


def event(kind: str, lane: str | None = None, **members: Any) -> dict[str, Any]:
    """An event of the Responses API over a socket."""
    return {"type": kind, **({"stream_id": lane} if lane else {}), **members}


def responded(key: str, kind: str = "completed", lane: str | None = None, **members: Any) -> dict[str, Any]:
    """A response over a socket ends."""
    members = {"id": key, "model": "gpt-x", "status": kind, "usage": TOLD, **members}
    return event(f"response.{kind}", lane, response=members)


def turn(**content: Any) -> dict[str, Any]:
    """A message of Gemini."""
    return {"serverContent": content}


def words(text: str) -> dict[str, Any]:
    """Gemini says something."""
    return turn(modelTurn={"parts": [{"text": text}]})


def test_each_realtime_response_is_a_row_with_its_own_clock() -> None:
    """Two responses, one asked for and one that the server decided on, are billed by kinds of tokens, each once."""

    socket = Socket("openai_realtime", "gpt-realtime-alias").server(SESSION).client(CREATE)
    start = socket.now
    socket.now += 1
    socket.server(created(), {"type": "response.output_item.added", "response_id": "r1"}, sound())
    socket.now += 1
    socket.server(said(), done())
    socket.server(created("r2"), done("r2", usage=USAGE))

    first, second = socket.rows
    assert (first.event_id, second.event_id) == ("socket/1", "socket/2")
    assert (first.cost_usd, first.cost_status, first.outcome) == (COST, "exact", Outcome.OK)
    assert (first.started_at.timestamp(), first.ttft_ms, first.latency_ms) == (start, 1000, 2000)
    assert (first.request_model, first.response_model, first.response_id) == (
        "gpt-realtime-alias",
        "gpt-realtime",
        "r1",
    )
    assert (first.input_tokens, first.cached_input_tokens, first.output_tokens) == (300, 190, 100)
    assert (first.status_code, first.streamed, first.operation) == (101, True, "chat")
    assert (second.response_id, second.latency_ms, second.cost_usd) == ("r2", 0, COST)
    assert socket.begun["socket/1"].request_model == "gpt-realtime-alias"


def test_a_transcription_is_billed_apart_by_its_own_model() -> None:
    """Seconds and tokens of a transcription are rows with the model that the session names for it."""

    item = {"type": "conversation.item.input_audio_transcription.completed", "transcript": "hello"}
    tokens = {"type": "tokens", "input_tokens": 50, "output_tokens": 4, "total_tokens": 54}
    socket = Socket("openai_realtime").server(SESSION, item | {"usage": {"type": "duration", "seconds": 3.5}})
    socket.client({"type": "session.update", "session": {"input_audio_transcription": {"model": "transcribe-x"}}})
    socket.server(item | {"usage": tokens | {"input_token_details": {"audio_tokens": 40}}}, item)

    seconds, counted = socket.rows
    assert (seconds.operation, seconds.request_model, seconds.cost_usd) == ("transcription", "whisper-x", USD("0.0035"))
    assert (counted.request_model, counted.cost_usd) == ("transcribe-x", USD(10 * 1 + 40 * 3 + 4 * 5) / 10**6)
    assert counted.response_model is None


def test_interleaved_responses_keep_apart() -> None:
    """Pieces of two responses that run at once go to the right one, whoever ends first."""

    socket = Socket("openai_realtime", "gpt-realtime").client(CREATE, CREATE)
    socket.server(created("a"), created("b"), said("b"), sound("a"), said("unknown"), done("b"), done("a"))

    assert [row.response_id for row in socket.rows] == ["b", "a"]
    assert [row.cost_usd for row in socket.rows] == [COST, COST]
    assert len(socket.begun) == 2


@pytest.mark.parametrize(
    ("ending", "outcome", "status", "error"),
    [
        (done(status="cancelled", status_details={"reason": "turn_detected"}), "client_aborted", "exact", None),
        (done(status="cancelled", usage=None), "client_aborted", "estimated", None),
        (done(status="incomplete"), "ok", "exact", None),
        (done(status="failed", status_details={"error": {"code": "rate_limit"}}), "error", "exact", "rate_limit"),
        (done(status="failed", usage=None), "error", "partial", None),
    ],
)
def test_how_a_response_ended(ending: dict[str, Any], outcome: str, status: str, error: str | None) -> None:
    """What was told is billed, also of a response that was cancelled or failed; the rest is estimated and says so."""

    row = Socket("openai_realtime", "gpt-realtime").server(created(), said(), ending).row()

    assert (row.outcome, row.cost_status, row.error_type) == (outcome, status, error)


def test_a_request_that_is_refused_is_a_row_that_costs_nothing() -> None:
    """An error answers what waits; one that answers nothing is about something else."""

    refusal = {"type": "error", "error": {"type": "invalid_request_error", "code": "active_response"}}
    socket = Socket("openai_realtime", "gpt-realtime").client(CREATE).server(refusal)

    assert (socket.row().outcome, socket.row().error_type) == ("error", "active_response")
    assert socket.row().cost_status == "not_billed"
    assert socket.row().cost_usd == 0
    socket.server(created(), refusal, done())
    assert [row.outcome for row in socket.rows] == ["error", "ok"]


def test_a_response_that_is_told_again_is_billed_once() -> None:
    """An end without a beginning counts where it tells usage and is new."""

    socket = Socket("openai_realtime", "gpt-realtime").server(done("new"), done("new"), done("empty", usage=None))
    socket.client(CREATE).server(done("new"), done("answer"))

    assert [(row.event_id, row.response_id) for row in socket.rows] == [("socket/1", "new"), ("socket/4", "answer")]


def test_a_running_total_is_billed_by_what_each_response_adds() -> None:
    """xAI's usage beside the response counts the seconds of the whole session; a total that stands costs nothing."""

    def spoke(key: str, total: int) -> dict[str, Any]:
        tokens = {"input_tokens": 3, "output_tokens": 40, "total_tokens": 43, "billable_audio_seconds": total}
        return {**done(key, usage={}), "response_id": key, "usage": tokens}

    socket = Socket("x_ai", "grok-voice")
    for key, total in (("a", 2), ("b", 5), ("c", 5), ("d", 4), ("e", 6)):
        socket.server(created(key), spoke(key, total))

    assert [row.cost_usd for row in socket.rows] == [USD("0.02"), USD("0.03"), 0, 0, USD("0.01")]
    assert [row.cost_status for row in socket.rows] == ["exact", "exact", "not_billed", "not_billed", "exact"]
    assert [json.loads(row.usage or "")["billable_audio_seconds"] for row in socket.rows] == [2, 3, 0, 0, 1]


def test_responses_over_a_socket() -> None:
    """The events are those of a stream; each request names its model, and is answered in turn."""

    socket = Socket("openai_responses").client(ASK, ASK)
    socket.server(event("response.created", response={"id": "r1"}))
    socket.server(event("response.output_text.delta", delta="hi"), responded("r1"))
    socket.server(event("response.created", response={"id": "r2"}), responded("r2", "incomplete"))

    first, second = socket.rows
    assert (first.cost_usd, first.cost_status) == (USD(10 * 2 + 2 * 10) / 10**6, "exact")
    assert (first.request_model, first.response_model, first.model) == ("gpt-x", "gpt-x", "gpt-x")
    assert first.request_bytes == len(json.dumps(ASK))
    assert (second.response_id, second.outcome, second.event_id) == ("r2", "ok", "socket/2")


def test_a_container_is_told_apart() -> None:
    """What a response bills beside its tokens is an event of its own, over a socket as over HTTP."""

    items = [{"type": "code_interpreter_call", "container_id": "cntr_1"}]
    socket = Socket("openai_responses").client(ASK).server(event("response.created", response={"id": "r1"}))
    socket.server(responded("r1", output=items))

    assert [(line.job_id, line.event_id) for line in socket.told] == [("cntr_1", "socket/1/1")]
    assert socket.row().cost_status == "exact"


def test_lanes_of_one_socket_run_side_by_side() -> None:
    """Requests with a stream's id are answered by events with that id, in any order."""

    socket = Socket("openai_responses")
    socket.client(ASK, ASK | {"stream_id": "a", "model": "gpt-a"}, ASK | {"stream_id": "b", "model": "gpt-b"})
    for lane in ("b", "a"):
        socket.server(event("response.created", lane, response={"id": lane}))
    for lane in ("a", "b"):
        socket.server(event("response.output_text.delta", lane, delta="x"), responded(lane, lane=lane))
    socket.tap.close(Outcome.CLIENT_ABORTED)

    assert [(row.request_model, row.response_id) for row in socket.rows] == [
        ("gpt-a", "a"),
        ("gpt-b", "b"),
        ("gpt-x", None),
    ]


def test_an_error_ends_what_runs_before_what_waits() -> None:
    """An error in the middle of a response is its end, one before it is a refusal with the status that it names."""

    failure = event("error", error={"code": "server_error"})
    socket = Socket("openai_responses").client(ASK, ASK)
    socket.server(event("response.created", response={"id": "r1"}), event("response.output_text.delta", delta="hi"))
    socket.server(failure, failure | {"status": 429}, failure)

    running, refused = socket.rows
    assert (running.status_code, running.outcome, running.cost_status) == (101, "error", "partial")
    assert (refused.status_code, refused.outcome, refused.cost_status) == (429, "error", "not_billed")
    assert {running.error_type, refused.error_type} == {"server_error"}


def test_a_response_that_failed_says_why() -> None:
    """`response.failed` is an error with the provider's own code."""

    socket = Socket("openai_responses").client(ASK).server(event("response.created", response={"id": "r1"}))
    row = socket.server(responded("r1", "failed", usage=None, error={"code": "server_error"})).row()

    assert (row.outcome, row.error_type, row.cost_status) == ("error", "server_error", "partial")


def test_a_response_that_begins_ends_the_one_before() -> None:
    """Where an end was missed, the next beginning stands for it."""

    socket = Socket("openai_responses").client(ASK)
    for key in ("r1", "r2"):
        socket.server(event("response.created", response={"id": key}))
        socket.server(event("response.output_text.delta", delta="two words"))
    socket.server(responded("r2"))

    assert [(row.response_id, row.outcome, row.cost_status) for row in socket.rows] == [
        ("r1", "ok", "estimated"),
        ("r2", "ok", "exact"),
    ]


def test_gemini_bills_each_generation() -> None:
    """Sound, words and tools begin a response, usage ends it, and a tool's turn may have two."""

    socket = Socket("gemini_live").client(SETUP).server({"setupComplete": {}})
    socket.client({"realtime_input": {"audio": {"data": "AAAA" * 99}}})
    socket.server(turn(modelTurn={"parts": [{"inlineData": {"mimeType": "audio/pcm", "data": "QUJD" * 200}}]}))
    socket.server(turn(generationComplete=True), turn(turnComplete=True) | {"usageMetadata": LIVE_USAGE})
    socket.server({"toolCall": {"functionCalls": []}, "usageMetadata": LIVE_USAGE})
    socket.server(turn(groundingMetadata={"webSearchQueries": ["a"]}), words("one"))
    socket.server(turn(groundingMetadata={"webSearchQueries": ["a", "b"]}))
    socket.server({"usageMetadata": LIVE_USAGE})

    tokens = USD(40 * 1 + 60 * 3 + 20 * 12) / 10**6
    assert [row.cost_usd for row in socket.rows] == [tokens, tokens, tokens + 2 * USD("0.014")]
    assert {(row.request_model, row.cost_status) for row in socket.rows} == {("gemini-live", "exact")}


def test_gemini_usage_may_follow_the_end_of_a_turn() -> None:
    """A turn that is complete waits for its usage; what begins next ends the waiting, and so does the socket."""

    late = turn(turnComplete=True)
    sounds = turn(modelTurn={"parts": [{"inlineData": {"data": "QUJD"}}]})
    socket = Socket("gemini_live").client(SETUP)
    socket.server(words("one"), late, {"usageMetadata": LIVE_USAGE}, words("two words"), late)
    socket.server(sounds, turn(outputTranscription={"text": "and three"}), late, words("four"), late)
    socket.tap.close(Outcome.CLIENT_ABORTED)

    assert [(row.outcome, row.cost_status) for row in socket.rows] == [("ok", "exact")] + [("ok", "estimated")] * 3


def test_gemini_on_vertex_names_its_model_by_a_path() -> None:
    """Of a model's whole resource name the last part counts."""

    model = "projects/p/locations/l/publishers/google/models/gemini-live"
    socket = Socket("gemini_live").client({"setup": {"model": model}}).server({"usageMetadata": LIVE_USAGE})

    assert (socket.row().request_model, socket.row().cost_status) == ("gemini-live", "exact")


def test_openai_live_bills_seconds_and_what_it_delegates() -> None:
    """The session's seconds are rows of what each report adds, a delegated response is a row of its own."""

    def report(kind: str, seconds: float) -> dict[str, Any]:
        return {"type": kind, "usage": {"seconds": seconds}, "session": {"model": "gpt-live-1"}}

    def inner(kind: str, **response: Any) -> dict[str, Any]:
        named = {"type": f"response.{kind}", "response": {"id": "r1", "model": "gpt-x", **response}}
        return {"type": "response.event", "delegation_id": "d1", "event": named}

    socket = Socket("openai_live").server({"type": "session.started", "session": {"model": "gpt-live-1"}})
    socket.server(report("session.usage.updated", 10.5), report("session.usage.updated", 10.5))
    delta = {"type": "response.output_text.delta", "delta": "hi"}
    socket.server(inner("created"), {"type": "response.event", "delegation_id": "d1", "event": delta})
    socket.server(inner("completed", status="completed", usage=TOLD), report("session.closed", 12))

    assert [(row.model, row.cost_usd) for row in socket.rows] == [
        ("gpt-live-1", USD("0.105")),
        ("gpt-x", USD("0.00004")),
        ("gpt-live-1", USD("0.015")),
    ]


@pytest.mark.parametrize("outcome", [Outcome.CLIENT_ABORTED, Outcome.UPSTREAM_ABORTED, Outcome.INTERRUPTED])
def test_the_end_of_a_socket_ends_what_waits_and_runs(outcome: Outcome) -> None:
    """What was said is estimated, whoever ended it; ending twice changes nothing, and an idle socket has no row."""

    socket = Socket("openai_responses").client(ASK, ASK).server(event("response.created", response={"id": "r1"}))
    socket.server(event("response.output_text.delta", delta="four words of text"))
    socket.tap.close(outcome)
    socket.tap.close(outcome)

    waiting, running = socket.rows
    assert {waiting.outcome, running.outcome} == {outcome}
    assert (waiting.status_code, running.output_tokens) == (None, 4)
    assert running.cost_status == ("partial" if outcome is Outcome.UPSTREAM_ABORTED else "estimated")
    idle = Socket("openai_realtime").server(SESSION)
    idle.tap.close(outcome)
    assert idle.rows == []


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00\x01 binary sound {",
        b"[1]",
        b"{",
        b'{"type":"response.created"',
        b'{"type":"response.done","response":{"usage":{"input_tokens":',
        b'{"type":"response.done","response":"x","usage":[]}',
        b'{"type":"response.done","response":{"id":7,"usage":{"input_tokens":-1}}}',
        b'{"type": "session.created", "session": null}',
        b'{"type": "error"}',
        b'{"usageMetadata": {"promptTokenCount": "many"}}',
        b"\xff\xfe{",
        b'  {"type":"response.output_text.delta","response_id":"\xff"}',
        b'{"a":' * 5000,
    ],
)
@pytest.mark.parametrize("name", ["openai_realtime", "openai_responses", "gemini_live", "openai_live"])
def test_what_cannot_be_read_is_passed_over(name: str, message: bytes) -> None:
    """Malformed messages of either side bring neither an error nor a row, and the next response is billed."""

    socket = Socket(name, "gpt-realtime").client(message).server(message)
    socket.tap.close(Outcome.CLIENT_ABORTED)
    before = len(socket.rows)
    assert all(row.cost_usd in (None, 0) for row in socket.rows)
    ending = {
        "openai_realtime": done("fine"),
        "openai_responses": responded("fine"),
        "gemini_live": {"usageMetadata": LIVE_USAGE},
        "openai_live": {"type": "response.event", "event": responded("fine")},
    }
    socket.server(ending[name])
    assert len(socket.rows) == before + 1


def test_a_fault_of_the_meter_ends_neither_the_socket_nor_the_next_response(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that breaks the metering is said once in the log and in the rows of what runs."""

    socket = Socket("openai_realtime", "gpt-realtime").server(created())
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(module, "Members", None)
        socket.server(done(), done())
    socket.server(created("r2"), done("r2"))
    socket.tap.close(Outcome.CLIENT_ABORTED)

    (record,) = caplog.records
    assert record.message.startswith("the socket socket is not metered whole: TypeError at ")
    assert {(row.response_id, row.error_type) for row in socket.rows} == {("r2", None), ("r1", "metering_error")}


def test_more_responses_than_anyone_runs_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither waiting nor running responses pile up."""

    most = module.SIDE_BY_SIDE
    socket = Socket("openai_realtime", "gpt-realtime").client(*[CREATE] * (most + 3))
    assert len(socket.begun) == most
    socket.server(*[created(f"r{number}") for number in range(most + 3)])

    assert [row.response_id for row in socket.rows] == ["r0", "r1", "r2"]


def test_what_belongs_to_no_response_is_passed_over() -> None:
    """Sound and text without a beginning, and a beginning that repeats, make no row of their own."""

    socket = Socket("openai_realtime", "gpt-realtime").server(sound("late"), said("late"))
    assert socket.begun == {}
    gemini = Socket("gemini_live").server(turn(outputTranscription={"text": "late"}), words("one"), words("two"))
    gemini.server(turn(generationComplete=True))
    assert len(gemini.begun) == 1


def test_a_tap_gives_on_what_it_is_given() -> None:
    """As the stream of an upgrade it changes nothing."""

    assert Socket("openai_realtime").tap(b"x") == b"x"


def test_long_messages_take_a_time_that_grows_with_their_length() -> None:
    """Megabytes of sound, or of text, in one message are not looked at over and over."""

    def run(size: int) -> None:
        Socket("openai_realtime", "gpt-realtime").server(created(), sound(size=size), said(words="x " * size), done())

    assert growth(run, 200_000) < 12


def test_a_day_of_messages_leaves_nothing_behind() -> None:
    """After thousands of responses a socket holds what it held after the first hundred."""

    socket = Socket("openai_realtime", "gpt-realtime").server(SESSION)
    order = random.Random(7)

    def talk(first: int, last: int) -> None:
        for number in range(first, last):
            key = f"r{number}"
            socket.server(created(key), *[order.choice((said, sound))(key) for _ in range(9)], done(key))
            socket.rows.clear()
            socket.begun.clear()

    talk(0, 400)
    before = len(gc.get_objects())
    talk(400, 2000)

    assert len(gc.get_objects()) - before < 400

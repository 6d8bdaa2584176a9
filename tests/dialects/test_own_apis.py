"""Answers of APIs that tell their usage in a way of their own, written by hand after the providers' references."""

from collections.abc import Iterable

from llmobs.dialect import fold, read
from llmobs.dialects import DIALECTS
from llmobs.meter import Known, Meter
from llmobs.request import Request
from llmobs.wire.framing import Framer
from tests.cuts import however_cut


def metered(dialect: str, content_type: str, body: bytes) -> tuple[Known, object, dict[str, object], object]:
    """What a meter knows of an answer: how surely, its usage, its fees and its model."""

    def run(pieces: Iterable[bytes]) -> tuple[Known, object, dict[str, object], object]:
        framer, meter = Framer(content_type), Meter(DIALECTS[dialect])
        for piece in pieces:
            for message in framer.feed(piece):
                meter.feed(message)
        for message in framer.close():
            meter.feed(message)
        return meter.known, meter.usage, dict(meter.fees), meter.model

    return however_cut(body, run)


def event(*parts: str) -> str:
    """Server-sent events, one for each text."""
    return "".join(f"event: message\ndata: {part}\n\n" for part in parts)


def result(text: str, generated: int, given: int, stop: str) -> str:
    """One event of a watsonx stream."""
    counts = f'"generated_token_count":{generated},"input_token_count":{given}'
    return f'{{"model_id":"ibm/granite","results":[{{"generated_text":"{text}",{counts},"stop_reason":"{stop}"}}]}}'


def test_watsonx_stream_tells_the_input_once() -> None:
    """The input stands in the first event and is 0 later, the output grows; no generated text is kept."""
    stream = event(result("", 0, 8, "not_finished"), result("Hi", 1, 0, "not_finished"), result("!", 2, 0, "eos_token"))

    assert metered("watsonx", "text/event-stream", stream.encode()) == (
        Known.FINAL,
        {"results": [{"input_token_count": 8, "generated_token_count": 2}]},
        {},
        "ibm/granite",
    )


def test_watsonx_stream_that_broke_off() -> None:
    """Without a reason to stop, the figures may grow further."""
    stream = event(result("", 0, 8, "not_finished"), result("Hi", 1, 0, "not_finished"))
    known, usage, _, _ = metered("watsonx", "text/event-stream", stream.encode())

    assert known is Known.RUNNING
    assert usage == {"results": [{"input_token_count": 8, "generated_token_count": 1}]}


def test_watsonx_figures_of_odd_shapes() -> None:
    """A list that grows, a figure that goes missing and one that is no number do no harm."""
    watsonx = DIALECTS["watsonx"]
    first: dict[str, object] = {"results": [{"input_token_count": 8}], "input_token_count": "many"}
    later: dict[str, object] = {"results": [{"generated_token_count": 2}, {"input_token_count": 1}]}
    usage = fold(watsonx, first, later)

    assert usage["results"] == [{"input_token_count": 8, "generated_token_count": 2}, {"input_token_count": 1}]
    assert read(watsonx, usage)[0].quantities == {"input": 9, "output": 2}


def test_watsonx_chat_names_its_model_by_another_key() -> None:
    """Chat of watsonx is that of OpenAI, except for the name of the model."""
    body = '{"model_id":"ibm/granite","choices":[{}],"usage":{"prompt_tokens":3,"completion_tokens":1}}'

    assert metered("watsonx_chat", "application/json", body.encode())[1:] == (
        {"prompt_tokens": 3, "completion_tokens": 1},
        {},
        "ibm/granite",
    )


def test_hugging_face_tells_its_usage_in_headers() -> None:
    """An answer of text alone is metered by its headers."""
    meter = Meter(DIALECTS["huggingface"])
    meter.note({"x-prompt-tokens": "12", "x-generated-tokens": "20", "x-compute-time": "0.5", "x-other": "1"})
    meter.feed(b'[{"generated_text":"Hi"}]')

    assert meter.known is Known.FINAL
    assert read(DIALECTS["huggingface"], meter.usage or {})[0].quantities["output"] == 20


def test_mistral_conversation_counts_its_connectors() -> None:
    """A conversation tells which connectors ran, each of which has a fee."""
    usage = '"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":9,"connector_tokens":6,"connectors":%s}'
    ran = usage % '{"web_search":2,"code_interpreter":1}'
    stream = event('{"type":"message.output.delta","content":"Hi"}', f'{{"type":"conversation.response.done",{ran}}}')
    known, _, fees, _ = metered("mistral_conversation", "text/event-stream", stream.encode())

    assert known is Known.FINAL
    assert fees == {"web_search": 2, "code_execution": 1}


def test_cloudflare_wraps_the_answer() -> None:
    """The usage of a model that is called by its path stands below `result`, in a stream at the top."""
    usage = '"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}'
    whole = metered("cloudflare", "application/json", f'{{"result":{{"response":"Hi",{usage}}}}}'.encode())
    stream = event('{"response":"Hi"}', f'{{"response":"",{usage}}}') + "data: [DONE]\n\n"

    assert whole[1] == metered("cloudflare", "text/event-stream", stream.encode())[1]
    assert whole[1] == {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}


def test_call_at_a_fixed_fee() -> None:
    """An API that tells no usage is counted by its calls."""
    (asked,) = DIALECTS["per_call"].asked

    assert (asked.unit, Request(b"{}", {}).quantity(asked)) == ("request", 1)

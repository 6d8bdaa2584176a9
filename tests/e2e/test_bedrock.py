"""The official AWS client through the proxy: its endpoint and its signatures stay as they are."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from tests.testbed.formats.bedrock import HOST
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.signature import is_sound

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
COUNTS = Counts(input=1200, cached=700, written=200, written_1h=100, output=300)
MODEL = "us.testbed.model-v1:0"
MESSAGES = [{"role": "user", "content": [{"text": "hello"}]}]
CLAUDE = json.dumps({"anthropic_version": "bedrock-2023-05-31", "messages": [{"role": "user", "content": "hello"}]})


@pytest.fixture
def client(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scenario], Any]:
    """A client of us-east-1 that finds the proxy in its environment and signs every request."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(run.proxy.bundle))

    def make(scenario: Scenario) -> Any:
        config = Config(retries={"total_max_attempts": 1})
        made = boto3.client(
            "bedrock-runtime", "us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET, config=config
        )
        # After the signature: what the addon takes off again must not be part of it.
        made.meta.events.register("before-send", lambda request, **_: _mark(request, run.headers(scenario)))
        return made

    return make


def _mark(request: Any, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        request.headers[name] = value


def converse(client: Any) -> None:
    """One answer in Bedrock's own format."""
    assert client.converse(modelId=MODEL, messages=MESSAGES)["usage"]["inputTokens"] == 200


def converse_stream(client: Any) -> None:
    """A stream in Bedrock's own format, to its end."""
    events = list(client.converse_stream(modelId=MODEL, messages=MESSAGES)["stream"])
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 300


def invoke(client: Any) -> None:
    """One answer in the format of the model's maker."""
    answer = client.invoke_model(modelId=MODEL, body=CLAUDE, contentType="application/json")
    assert json.loads(answer["body"].read())["usage"]["output_tokens"] == 300


def invoke_stream(client: Any) -> None:
    """A stream in the format of the model's maker, to its end."""
    answer = client.invoke_model_with_response_stream(modelId=MODEL, body=CLAUDE, contentType="application/json")
    chunks = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    assert chunks[-1]["type"] == "message_stop"


CALLS = [converse, converse_stream, invoke, invoke_stream]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("cut", [0, 7])
def test_call(run: Run, client: Callable[[Scenario], Any], call: Callable[[Any], None], cut: int) -> None:
    """Each call is one exact row, its model the one of the URL, and its signature holds at the upstream."""
    mark = run.upstream.mark()

    call(client(Scenario(counts=COUNTS, cut=cut)))

    row, [entry] = run.row(), run.upstream.since(mark)
    assert (row["input_tokens"], row["cached_input_tokens"], row["cache_write_tokens"]) == (1200, 700, 300)
    # 200 x 3 + 700 x 0.3 + 200 x 3.75 + 100 x 6 + 300 x 15, per million
    assert (row["output_tokens"], row["cost_usd"], row["cost_status"]) == (300, Decimal("0.00666"), "exact")
    assert (row["model"], row["request_model"]) == (MODEL, MODEL)
    assert (row["provider"], row["host"], row["region"]) == ("aws.bedrock", HOST, "us-east-1")
    assert (row["outcome"], row["streamed"]) == ("ok", "stream" in call.__name__)
    assert entry["host"] == HOST
    assert "%3A" in entry["target"]
    assert is_sound(entry, SECRET)
    assert not is_sound(entry | {"body": entry["body"] + " "}, SECRET)


@pytest.mark.parametrize("call", [converse_stream, invoke_stream])
def test_exception_in_a_stream(run: Run, client: Callable[[Scenario], Any], call: Callable[[Any], None]) -> None:
    """An exception frame reaches the client, and the row names it and does not call its cost exact."""
    with pytest.raises(EventStreamError, match="throttlingException"):
        call(client(Scenario(counts=COUNTS, error_event=True)))

    row = run.row()
    assert (row["outcome"], row["error_type"], row["status_code"]) == ("error", "throttlingException", 200)
    assert row["cost_status"] == "partial"


@pytest.mark.parametrize("stream", ["converse_stream", "invoke_model_with_response_stream"])
def test_client_leaves(run: Run, client: Callable[[Scenario], Any], stream: str) -> None:
    """A client that leaves in the middle is billed to the end: what was seen is a lower bound."""
    mark = run.upstream.mark()
    asked = {"messages": MESSAGES} if stream == "converse_stream" else {"body": CLAUDE}
    made = client(Scenario(counts=COUNTS, gate=run.id, gate_after=3))
    answer = getattr(made, stream)(modelId=MODEL, **asked)
    body = answer.get("stream") or answer["body"]
    next(iter(body))
    body.close()

    row = run.row()
    assert (row["outcome"], row["cost_status"]) == ("client_aborted", "partial")
    assert row["cost_usd"] is None or 0 < row["cost_usd"] < Decimal("0.00666")
    assert run.upstream.wait(mark, state="client_left")


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_upstream_breaks_off(run: Run, client: Callable[[Scenario], Any], ending: Any) -> None:
    """A stream that its upstream breaks off is one row and not exact."""
    with pytest.raises(Exception, match="ended prematurely"):
        converse_stream(client(Scenario(counts=COUNTS, ending=ending, after=3)))

    row = run.row()
    assert (row["outcome"], row["cost_status"]) == ("upstream_aborted", "partial")


def test_refusal(run: Run, client: Callable[[Scenario], Any]) -> None:
    """A throttled call costs nothing."""
    with pytest.raises(ClientError, match="Throttling"):
        converse(client(Scenario(status=429)))

    row = run.row()
    assert (row["outcome"], row["status_code"], row["cost_usd"]) == ("error", 429, 0)

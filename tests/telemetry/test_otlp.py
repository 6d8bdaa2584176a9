import os
import socket
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import metrics, trace

from llmobs.config import ConfigError
from llmobs.event import CostStatus, Outcome
from llmobs.settings import OPTIONS, Settings
from llmobs.telemetry import otlp
from llmobs.telemetry.otlp import open_sink
from tests.telemetry.calls import AT, call
from tests.telemetry.receiver import plain, receiver


def settings(**given: str) -> Settings:
    """The options' defaults, and some others."""
    known: dict[str, Any] = {option.name: option.default for option in OPTIONS}
    return Settings.of(SimpleNamespace(**known | {f"llmobserve_{name}": value for name, value in given.items()}))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for more rows, and an environment that says nothing of OpenTelemetry but of a proxy."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(otlp, "PAUSE_S", 0.0)


def test_a_call_is_a_span_of_the_conventions() -> None:
    """A collector gets one span for a call: named, timed, priced and below the span that made it."""

    with receiver() as received:
        sink = open_sink(settings(otlp=received.url))
        sink.hear(call(trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331", tags='{"team":"a"}'))
        sink.close()

    (span,) = received.spans()
    said = plain(span.attributes)
    assert (span.name, span.kind, span.status.code) == ("chat gpt-5-2025", 3, 0)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert span.start_time_unix_nano == int(AT.timestamp()) * 10**9 + 123_456_000
    assert span.end_time_unix_nano - span.start_time_unix_nano == 1_250_000_000
    assert said["gen_ai.provider.name"] == "openai"
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("gpt-5", "gpt-5-2025")
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (100, 40)
    assert (said["llmobserve.cost.usd"], said["llmobserve.cost.status"]) == (0.000123, "exact")
    assert (said["server.address"], said["llmobserve.tag.team"]) == ("api.openai.com", "a")
    resource = received.requests[0][1].resource_spans[0].resource
    assert plain(resource.attributes)["service.name"] == "llmobserve"


def test_metrics_of_the_conventions_come_at_the_end() -> None:
    """Token usage and duration are histograms by the conventions' names, the cost a counter of ours."""

    with receiver() as received:
        sink = open_sink(settings(otlp=f"{received.url}/v1/traces"))
        sink.hear(call())
        sink.hear(call(event_id="2", outcome=Outcome.ERROR, error_class="system", cost_usd=None, ttft_ms=None))
        sink.hear(call(event_id="3", latency_ms=None, ttft_ms=None, input_tokens=None, output_tokens=None))
        sink.close()

    found = received.metrics()
    tokens = {
        plain(point.attributes)["gen_ai.token.type"]: (point.count, point.sum)
        for point in found["gen_ai.client.token.usage"].histogram.data_points
    }
    durations = found["gen_ai.client.operation.duration"].histogram.data_points
    assert tokens == {"input": (2, 200), "output": (2, 80)}
    assert [(plain(p.attributes).get("error.type"), p.sum) for p in durations] == [(None, 1.25), ("system", 1.25)]
    assert list(durations[0].explicit_bounds)[:2] == [0.01, 0.02]
    assert found["gen_ai.client.operation.time_to_first_chunk"].histogram.data_points[0].count == 1
    assert found["llmobserve.cost"].sum.data_points[0].as_double == 0.000246
    assert found["llmobserve.unpriced_calls"].sum.data_points[0].as_int == 1


def test_a_failed_call_has_its_error() -> None:
    """A span of a call that failed says so, with the word of the provider, else its status, else how it ended."""

    with receiver() as received:
        sink = open_sink(settings(otlp=received.url))
        sink.hear(call(outcome=Outcome.ERROR, error_type="overloaded_error", status_code=529))
        sink.hear(call(outcome=Outcome.ERROR, status_code=500))
        sink.hear(call(outcome=Outcome.CLIENT_ABORTED, status_code=None))
        sink.close()

    spans = received.spans()
    assert [span.status.code for span in spans] == [2, 2, 2]
    assert [plain(s.attributes)["error.type"] for s in spans] == ["overloaded_error", "500", "client_aborted"]


def test_a_job_is_one_span() -> None:
    """A job that is asked for many times is told once, when it is known what it cost, and counted once."""

    with receiver() as received:
        sink = open_sink(settings(otlp=received.url))
        pending = call(job_id="j", cost_status=CostStatus.PENDING, cost_usd=None, input_tokens=None, output_tokens=None)
        for event in (pending, pending, call(job_id="j", cost_usd=Decimal(2)), call(job_id="j", cost_usd=Decimal(2))):
            sink.hear(event)
        sink.close()

    assert [plain(span.attributes)["llmobserve.cost.usd"] for span in received.spans()] == [2.0]
    assert received.metrics()["llmobserve.cost"].sum.data_points[0].as_double == 2.0
    assert "gen_ai.client.operation.duration" not in received.metrics()


def test_headers_of_a_file_are_sent(tmp_path: Path) -> None:
    """The headers that a file has go with spans and metrics."""

    file = tmp_path / "headers"
    file.write_text("# for the collector\n\nAuthorization: Bearer abc\nx-team:  a \n")
    with receiver() as received:
        sink = open_sink(settings(otlp=received.url, otlp_headers=str(file)))
        sink.hear(call())
        sink.close()

    assert len(received.headers) == 2
    assert {(each["authorization"], each["x-team"]) for each in received.headers} == {("Bearer abc", "a")}


def test_the_standard_variables_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers, name and compression of the standard variables are used."""

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "billing")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    with receiver() as received:
        sink = open_sink(settings(otlp=received.url))
        sink.hear(call())
        sink.close()

    assert received.headers[0]["x-key"] == "secret"
    assert received.headers[0]["content-encoding"] == "gzip"
    told = received.requests[0][1].resource_spans[0].resource
    assert plain(told.attributes)["service.name"] == "billing"


def test_a_collector_that_refuses_is_told() -> None:
    """Rows are lost to a collector that does not take them, and go on when it does."""

    with receiver(status=400) as received:
        sink = open_sink(settings(otlp=received.url))
        assert sink._deliver([call()]) == f"the collector at {received.url} does not take spans"
        received.status = 200
        assert sink._deliver([call()]) is None
        sink.close()


def test_a_dead_collector_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where nobody listens, closing ends all the same, and says what was not delivered."""

    monkeypatch.setattr(otlp, "CLOSE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        sink = open_sink(settings(otlp=f"http://127.0.0.1:{mute.getsockname()[1]}"))
        sink.hear(call())
        sink.close()

    assert "were not delivered in time" in caplog.text


def test_nothing_is_global() -> None:
    """The providers of a program in the same process stay as they were."""

    before = metrics.get_meter_provider(), trace.get_tracer_provider()
    with receiver() as received:
        open_sink(settings(otlp=received.url)).close()

    assert (metrics.get_meter_provider(), trace.get_tracer_provider()) == before


@pytest.mark.parametrize(
    "url", ["collector:4318", "ftp://collector", "http://", "http://a:b@collector", "http://h:99999", "http://h?q=1"]
)
def test_what_is_no_collector_stops_the_start(url: str) -> None:
    """An address that can't be one is refused without being repeated, as it may hold a password."""

    with pytest.raises(ConfigError, match="llmobserve_otlp is no address of a collector") as caught:
        open_sink(settings(otlp=url))

    assert "a:b" not in str(caught.value)


def test_bad_headers_stop_the_start(tmp_path: Path) -> None:
    """A file of headers that can't be read, or a line that is none, is told with its place."""

    file = tmp_path / "headers"
    for text, said in ((b"ok: 1\nno header\n", f"{file}:2: this is no header"), (b"\xff", "it is not UTF-8")):
        file.write_bytes(text)
        with pytest.raises(ConfigError, match=said):
            open_sink(settings(otlp="http://localhost:4318", otlp_headers=str(file)))
    with pytest.raises(ConfigError, match="No such file"):
        open_sink(settings(otlp="http://localhost:4318", otlp_headers=str(tmp_path / "none")))

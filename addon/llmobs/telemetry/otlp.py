"""Rows as spans and metrics to an OpenTelemetry collector, over HTTP; it does not know how a row becomes a span.

Nothing here is global: a program in the same process that uses OpenTelemetry keeps its own providers.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExportResult

from llmobs.event import CostStatus, Event
from llmobs.metrics.jobs import Jobs
from llmobs.settings import Settings
from llmobs.telemetry.collector import Collector, resource, session
from llmobs.telemetry.instruments import Instruments
from llmobs.telemetry.outbox import Outbox
from llmobs.telemetry.spans import span

# A span is there soon, and a request takes many of them along.
PAUSE_S = 1.0
# Together with the last metrics well within the ten seconds that a container gets to stop.
CLOSE_S = 3.0


@dataclass(slots=True)
class Spans:
    """Sends the spans of rows; of a job one, when it is known what it cost."""

    exporter: OTLPSpanExporter
    resource: Resource
    collector: Collector
    jobs: Jobs

    def deliver(self, events: Sequence[Event]) -> str | None:
        """Send them; gives what went wrong."""
        spans = [span(event, self.resource) for event in events if self._is_news(event)]
        if not spans or self.exporter.export(spans) is SpanExportResult.SUCCESS:
            return None
        return f"the collector at {self.collector.base} does not take spans"

    def _is_news(self, event: Event) -> bool:
        return event.cost_status is not CostStatus.PENDING and (event.job_id is None or self.jobs.news(event).bill)


class Otlp:
    """Spans within a second or two, metrics once a minute, and both once more at the end."""

    def __init__(self, collector: Collector) -> None:
        # They tell each failure at length; ours is told once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        who = resource()
        self._traces = OTLPSpanExporter(collector.signal("traces"), headers=_plain(collector), session=session())
        exporter = OTLPMetricExporter(collector.signal("metrics"), headers=_plain(collector), session=session())
        self._meters = MeterProvider([PeriodicExportingMetricReader(exporter)], who, shutdown_on_exit=False)
        self._instruments = Instruments(self._meters)
        self._spans = Spans(self._traces, who, collector, Jobs())
        self._outbox = Outbox("llmobserve_otlp", self._deliver, PAUSE_S)

    def hear(self, event: Event) -> None:
        """Take a row."""
        self._outbox.put(event)

    def close(self) -> None:
        """Send what waits, and leave a collector that does not answer alone."""
        self._outbox.close(CLOSE_S)
        self._traces.shutdown()  # type: ignore[no-untyped-call]
        self._meters.shutdown(CLOSE_S * 1000)

    def _deliver(self, events: Sequence[Event]) -> str | None:
        for event in events:
            self._instruments.record(event)
        return self._spans.deliver(events)


def _plain(collector: Collector) -> dict[str, str] | None:
    return None if collector.headers is None else dict(collector.headers)


def open_sink(settings: Settings) -> Otlp:
    """The way to the collector that the settings name; raises ConfigError."""
    return Otlp(Collector.of(settings))

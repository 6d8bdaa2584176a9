"""The metrics of OpenTelemetry's GenAI conventions, fed with rows; it does not know where they are sent."""

from opentelemetry.metrics import MeterProvider

from llmobs.event import CostStatus, Event, Outcome
from llmobs.metrics.jobs import Jobs
from llmobs.metrics.labels import Models
from llmobs.telemetry.attributes import Value, operation, provider

# As the conventions advise.
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)


class Instruments:
    """Histograms and counters of one provider of meters."""

    def __init__(self, meters: MeterProvider) -> None:
        make = meters.get_meter("llmobserve")
        self._models = Models()
        self._jobs = Jobs()
        self._tokens = make.create_histogram(
            "gen_ai.client.token.usage", "{token}", "Tokens of a call.", explicit_bucket_boundaries_advisory=TOKENS
        )
        self._duration = make.create_histogram(
            "gen_ai.client.operation.duration", "s", "Length of a call.", explicit_bucket_boundaries_advisory=SECONDS
        )
        self._first = make.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time until the answer begins.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._cost = make.create_counter("llmobserve.cost", "{USD}", "What calls cost, where it is known.")
        self._unpriced = make.create_counter("llmobserve.unpriced_calls", "{call}", "Calls whose cost is not known.")

    def record(self, event: Event) -> None:
        """Count a row; of a job what was not counted before."""
        labels: dict[str, Value] = {
            "gen_ai.operation.name": operation(event),
            "gen_ai.provider.name": provider(event),
            "gen_ai.request.model": self._models.label(event),
            "server.address": event.host,
        }
        row, bill = self._jobs.news(event) if event.job_id else (True, True)
        if bill:
            self._bill(event, labels)
        if row and event.job_id is None:
            self._time(event, labels)

    def _bill(self, event: Event, labels: dict[str, Value]) -> None:
        for kind, count in (("input", event.input_tokens), ("output", event.output_tokens)):
            if count is not None:
                self._tokens.record(count, {**labels, "gen_ai.token.type": kind})
        if event.cost_usd is not None:
            self._cost.add(float(event.cost_usd), labels)
        elif event.cost_status is not CostStatus.PENDING:
            self._unpriced.add(1, labels)

    def _time(self, event: Event, labels: dict[str, Value]) -> None:
        failed: dict[str, Value] = {}
        if event.outcome is not Outcome.OK:
            failed["error.type"] = event.error_class or event.outcome.value
        if event.latency_ms is not None:
            self._duration.record(max(event.latency_ms, 0.0) / 1000, labels | failed)
        if event.ttft_ms is not None:
            self._first.record(max(event.ttft_ms, 0.0) / 1000, labels)

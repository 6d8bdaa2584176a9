"""What OpenTelemetry calls the fields of a row: tables, by its GenAI conventions; our own words begin with llmobserve.

https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from collections.abc import Mapping
from decimal import Decimal
from json import loads

from llmobs.event import Event, Outcome

type Value = str | bool | int | float

_CONVENTIONS = {
    "gen_ai.request.model": "request_model",
    "gen_ai.response.id": "response_id",
    "gen_ai.request.stream": "streamed",
    "gen_ai.usage.input_tokens": "input_tokens",
    "gen_ai.usage.output_tokens": "output_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cached_input_tokens",
    "gen_ai.usage.cache_creation.input_tokens": "cache_write_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
    "server.address": "host",
    "http.request.method": "method",
    "http.response.status_code": "status_code",
    "http.request.body.size": "request_bytes",
    "http.response.body.size": "response_bytes",
}
_OURS = {
    "llmobserve.event_id": "event_id",
    "llmobserve.cost.usd": "cost_usd",
    "llmobserve.list_cost.usd": "list_cost_usd",
    "llmobserve.cost.status": "cost_status",
    "llmobserve.price_version": "price_version",
    "llmobserve.service_tier": "service_tier",
    "llmobserve.outcome": "outcome",
    "llmobserve.error_class": "error_class",
    "llmobserve.policy": "policy",
    "llmobserve.requested_provider": "requested_provider",
    "llmobserve.breaker": "breaker",
    "llmobserve.attempt": "attempt",
    "llmobserve.retry_of": "retry_of",
    "llmobserve.request_id": "request_id",
    "llmobserve.job_id": "job_id",
    "llmobserve.customer": "customer_id",
    "llmobserve.run": "run_id",
    "llmobserve.section": "section",
    "llmobserve.key_name": "api_key_name",
    "llmobserve.client": "client",
    "llmobserve.region": "region",
    "llmobserve.feature_version": "feature_version",
    "llmobserve.prompt_version": "prompt_version",
    "llmobserve.experiment": "experiment_id",
    "llmobserve.variant": "variant_id",
}
_FIELDS = tuple((_CONVENTIONS | _OURS).items())
TAG = "llmobserve.tag."


def operation(event: Event) -> str:
    """What is done; rows have the conventions' words for it."""
    return event.operation or "unknown"


def provider(event: Event) -> str:
    """Who is asked."""
    return event.provider or event.host


def model(event: Event) -> str | None:
    """The model that answered, as well as it is known."""
    return event.response_model or event.model or event.request_model


def error(event: Event) -> str | None:
    """The word for what went wrong; None where nothing did."""
    if event.outcome is Outcome.OK:
        return None
    return event.error_type or (str(event.status_code) if event.status_code else event.outcome.value)


def attributes(event: Event) -> dict[str, Value]:
    """Everything that is known, except content and keys; what is not known is left out."""
    told: dict[str, Value] = {"gen_ai.operation.name": operation(event), "gen_ai.provider.name": provider(event)}
    for name, field in _FIELDS:
        if (value := getattr(event, field)) is not None:
            told[name] = _value(value)
    if (answered := model(event)) is not None:
        told["gen_ai.response.model"] = _value(answered)
    if event.ttft_ms is not None:
        told["gen_ai.response.time_to_first_chunk"] = event.ttft_ms / 1000
    if (failed := error(event)) is not None:
        told["error.type"] = _value(failed)
    return told | {f"{TAG}{_text(name)}": _value(value) for name, value in _tags(event).items()}


def _tags(event: Event) -> Mapping[str, str]:
    tags: Mapping[str, str] = loads(event.tags) if event.tags else {}
    return tags


def _value(value: object) -> Value:
    """The value as a collector takes it: money as a float, words as plain text."""
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, bool | int | float) else _text(str(value))


def _text(text: str) -> str:
    """Half a surrogate pair can't be sent."""
    return text.encode("utf-8", "backslashreplace").decode()

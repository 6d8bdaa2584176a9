"""Rows as OTLP in JSON lines, as OpenTelemetry's collectors write and read files; it does not know which rows.

https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource

from llmobs.columns import COLUMNS
from llmobs.event import CostStatus, from_row
from llmobs.store import Row
from llmobs.telemetry.collector import resource
from llmobs.telemetry.spans import span

# Protocol Buffers write bytes in base64; of these three OTLP wants hex digits.
_IDS = ("traceId", "spanId", "parentSpanId")


def line(rows: Sequence[Row], who: Resource | None = None) -> bytes:
    """One request with a span for each row; b"" where none has one, as a job that is not settled."""
    events = (from_row(list(COLUMNS), row) for row in rows)
    spans = [span(event, who or resource()) for event in events if event.cost_status is not CostStatus.PENDING]
    if not spans:
        return b""
    request = MessageToDict(encode_spans(spans), use_integers_for_enums=True)
    return json.dumps(_hex(request), separators=(",", ":")).encode() + b"\n"


def _hex(value: Any) -> Any:
    if isinstance(value, list):
        return [_hex(each) for each in value]
    if isinstance(value, dict):
        return {name: _digits(each) if name in _IDS else _hex(each) for name, each in value.items()}
    return value


def _digits(encoded: str) -> str:
    return base64.b64decode(encoded).hex()

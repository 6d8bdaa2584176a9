"""Answers of Amazon Bedrock and the meter that reads them, for the tests of its dialects and of its prices."""

import json
from collections.abc import Mapping

from llmobs.dialects import DIALECTS
from llmobs.meter import Meter

NOVA = "amazon.nova-micro-v1:0"
CONVERSE = {"inputTokens": 3, "outputTokens": 4}

type Answers = tuple[Mapping[str, object], ...]


def metered(dialect: str, *answers: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Meter:
    """The meter of an answer of these messages."""
    meter = Meter(DIALECTS[dialect])
    meter.note(headers or {})
    for answer in answers:
        meter.feed(json.dumps(answer).encode())
    return meter


def step(kind: str, model: str | None, used: int) -> Answers:
    """The two trace events of one call that an agent makes."""
    asked = ({"trace": {kind: {"modelInvocationInput": {"foundationModel": model}}}},) if model else ()
    usage = {"inputTokens": used, "outputTokens": 1}
    return (*asked, {"trace": {kind: {"modelInvocationOutput": {"metadata": {"usage": usage}}}}})

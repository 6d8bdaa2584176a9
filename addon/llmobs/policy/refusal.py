"""Answers that we give in a provider's place, in the shape that its own clients raise their own exceptions for."""

import json
from dataclasses import dataclass
from enum import StrEnum

from llmobs.dialect import Dialect


class Kind(StrEnum):
    """Why a call does not go; the word stands in the row's `error_type`."""

    BUDGET = "budget_exceeded"
    RATE_LIMIT = "rate_limit_exceeded"
    UNAVAILABLE = "provider_unavailable"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that does not go: `policy` is the rule's kind and name (`budget:acme`), `message` for the caller."""

    kind: Kind
    policy: str
    message: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


_STATUS = {Kind.BUDGET: 429, Kind.RATE_LIMIT: 429, Kind.UNAVAILABLE: 503, Kind.TIMEOUT: 504}


def answer(refusal: Refusal, dialect: Dialect) -> Answer:
    """A refusal as the provider would word it that speaks this dialect."""
    del dialect
    error = {"message": refusal.message, "type": str(refusal.kind), "param": None, "code": str(refusal.kind)}
    return Answer(_STATUS[refusal.kind], {"content-type": "application/json"}, json.dumps({"error": error}).encode())

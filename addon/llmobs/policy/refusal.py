"""Calls that do not go, and the answers that we give in a provider's place, which its own clients raise for.

It does not know which rules there are.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

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


# Who answered, for a person who reads the headers.
POLICY_HEADER = "x-llmobserve-policy"
type Body = Callable[[Refusal, str], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Family:
    """How the clients of some dialects are told: `names` begin their names, `words` is the error's type by kind."""

    names: tuple[str, ...]
    words: Mapping[Kind, str]
    body: Body
    statuses: Mapping[Kind, int] = field(default_factory=dict)
    type_header: str = ""


_STATUS = {Kind.BUDGET: 429, Kind.RATE_LIMIT: 429, Kind.UNAVAILABLE: 503, Kind.TIMEOUT: 504}


def _openai(refusal: Refusal, word: str) -> Mapping[str, object]:
    code = word if refusal.kind is Kind.BUDGET else str(refusal.kind)
    return {"error": {"message": refusal.message, "type": word, "param": None, "code": code}}


def _anthropic(refusal: Refusal, word: str) -> Mapping[str, object]:
    return {"type": "error", "error": {"type": word, "message": refusal.message}, "request_id": None}


def _google(refusal: Refusal, word: str) -> Mapping[str, object]:
    wait = refusal.retry_after_s
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{_seconds(wait)}s"}
    error = {"code": _STATUS[refusal.kind], "message": refusal.message, "status": word}
    return {"error": error if wait is None else error | {"details": [info]}}


def _flat(*told: str, **fixed: object) -> Body:
    """A body that tells the message in one member, and the word in another where there is one."""
    return lambda refusal, word: fixed | dict(zip(told, (refusal.message, word), strict=False))


def _nested(outer: str, word_as: str) -> Body:
    return lambda refusal, word: {outer: {word_as: word, "message": refusal.message}}


def _watsonx(refusal: Refusal, word: str) -> Mapping[str, object]:
    return {"errors": [{"code": word, "message": refusal.message}], "status_code": _STATUS[refusal.kind]}


def _words(budget: str, rate_limit: str, unavailable: str, timeout: str) -> Mapping[Kind, str]:
    return dict(zip(Kind, (budget, rate_limit, unavailable, timeout), strict=True))


_GOOGLE = _words("RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "DEADLINE_EXCEEDED")
# The errors that AWS's own model of the service lists, with the statuses that it gives them.
_BEDROCK = _words(
    "ServiceQuotaExceededException", "ThrottlingException", "ServiceUnavailableException", "ModelTimeoutException"
)
_OPENAI = Family((), _words("insufficient_quota", "rate_limit_error", "server_error", "timeout"), _openai)
_PLAIN = _words(*Kind)

# The first family that fits counts; whoever is not listed words errors as OpenAI does.
FAMILIES = (
    Family(
        ("anthropic",), _words("billing_error", "rate_limit_error", "overloaded_error", "timeout_error"), _anthropic
    ),
    Family(("gemini", "vertex"), _GOOGLE, _google),
    Family(("bedrock",), _BEDROCK, _flat("message"), {Kind.BUDGET: 400, Kind.TIMEOUT: 408}, "x-amzn-errortype"),
    Family(("cohere",), _PLAIN, _flat("message")),
    Family(("mistral",), _PLAIN, _flat("message", "type", object="error", param=None, code=None)),
    Family(("xai",), _PLAIN, _flat("error", "code")),
    Family(("ollama", "huggingface", "jina", "exa", "firecrawl"), _PLAIN, _flat("error")),
    Family(("watsonx",), _PLAIN, _watsonx),
    Family(("deepgram",), _PLAIN, _flat("err_msg", "err_code", request_id=None)),
    Family(("elevenlabs",), _PLAIN, _nested("detail", "status")),
    Family(("replicate",), _PLAIN, _flat("detail", "title")),
    Family(("voyage", "tavily"), _PLAIN, _flat("detail")),
)

# What follows in the trailers of a gRPC call, whose HTTP status is always 200.
_GRPC = {Kind.BUDGET: 8, Kind.RATE_LIMIT: 8, Kind.UNAVAILABLE: 14, Kind.TIMEOUT: 4}


def answer(refusal: Refusal, dialect: Dialect) -> Answer:
    """A refusal as the provider would word it that speaks this dialect."""
    if dialect.proto is not None:
        return _grpc(refusal)
    family = next((family for family in FAMILIES if dialect.name.startswith(family.names)), _OPENAI)
    word = family.words[refusal.kind]
    headers = {"content-type": "application/json", **_common(refusal)}
    if family.type_header:
        headers[family.type_header] = word
    status = family.statuses.get(refusal.kind, _STATUS[refusal.kind])
    return Answer(status, headers, json.dumps(family.body(refusal, word)).encode())


def _common(refusal: Refusal) -> dict[str, str]:
    """What any client may look at. A budget does not grow by waiting: OpenAI's and Anthropic's are told not to."""
    headers = {POLICY_HEADER: quote(refusal.policy, safe=" :@/+")}
    if refusal.kind is Kind.BUDGET:
        headers["x-should-retry"] = "false"
    elif refusal.retry_after_s is not None:
        headers["retry-after"] = str(_seconds(refusal.retry_after_s))
    return headers


def _grpc(refusal: Refusal) -> Answer:
    """A call that ends with its headers; a client that may retry is told when, or with -1 that it should not."""
    pushback = -1 if refusal.kind is Kind.BUDGET else refusal.retry_after_s and _seconds(refusal.retry_after_s) * 1000
    headers = {
        "content-type": "application/grpc",
        "grpc-status": str(_GRPC[refusal.kind]),
        "grpc-message": quote(refusal.message, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        **_common(refusal),
    }
    return Answer(200, headers if pushback is None else headers | {"grpc-retry-pushback-ms": str(pushback)}, b"")


def _seconds(wait: float | None) -> int:
    """Whole seconds after which it is worth to come back."""
    return max(1, math.ceil(wait or 0))

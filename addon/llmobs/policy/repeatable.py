"""Whether an answer may be given to a second request, and which requests are equal; it knows no flows and no cache."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.facts import OF_TEXT
from llmobs.meter import Known
from llmobs.wire.lazy import fields, value

# Hashing and reading more than this would hold the event loop up for longer than a cache is worth.
MAX_BODY_BYTES = 1024 * 1024
OK = 200

# Members of a request that make it more than a question: it goes on, is written down, or asks the outer world.
STATEFUL = (
    "background", "connectors", "container", "conversation", "conversation_id", "mcp_servers", "plugins",
    "previous_interaction_id", "previous_response_id", "session_id", "store", "web_search_options",
)  # fmt: skip
# Tools that run at the client: what they do does not depend on who answers.
_OWN_KINDS = re.compile(r"function|custom|(?:bash|computer|memory|text_editor)_\d{8}")
_OWN_SHAPES = frozenset({"cachePoint", "functionDeclarations", "function_declarations", "name", "toolSpec"})
# Headers that change the answer; those of the transport, of retries and of the client's own accounting do not.
HEADERS = (
    "accept", "content-type", "content-encoding", "anthropic-version", "anthropic-beta", "openai-beta",
    "openai-organization", "openai-project", "x-goog-user-project",
)  # fmt: skip
# Headers that may say who asks, whatever they are called: nobody gets what another one was answered. A signature says
# no more than the key that it names, and is another one each time.
_WHO = re.compile(r"(?!.*idempotency).*(?:auth|cookie|credential|key|secret|token)")
_SIGNED = re.compile(r"\bSignature=|^bce-auth-v1/")
# A client that says so wants no cache, in either direction.
_NEVER = re.compile(r"\bno-store\b", re.IGNORECASE)
_ANEW = re.compile(r"\bno-cache\b|\bmax-age=0\b", re.IGNORECASE)


def repeatable(attempt: Attempt, size: int) -> bool:
    """Whether the answer to this request may be given to an equal one: it asks for text, and leaves nothing behind."""
    opening, dialect = attempt.opening, attempt.dialect
    generates = attempt.route is not None and dialect is not UNKNOWN and opening.operation in OF_TEXT
    if attempt.silent or opening.method != "POST" or not generates or dialect.batch or dialect.proto is not None:
        return False
    members = fields(attempt.asked) if size <= MAX_BODY_BYTES else {}
    return (
        bool(members) and not any(_said(members, name) for name in STATEFUL) and all(_own(t) for t in _tools(members))
    )


def complete(attempt: Attempt) -> bool:
    """Whether the answer came whole and says so itself, where it is a stream, by its last usage."""
    meter = attempt.meter
    known = meter.known is Known.FINAL or (meter.known is Known.RUNNING and not attempt.streamed)
    faults = (meter.error, attempt.trouble, attempt.refusal, attempt.job_id)
    return known and attempt.status_code == OK and not any(faults)


def digest(attempt: Attempt, query: str, headers: Mapping[str, str], body: bytes, group: Iterable[str]) -> bytes:
    """The same for equal requests, made with the same key by those who are counted together."""
    opening = attempt.opening
    told = [headers.get(name, "") for name in HEADERS]
    who = [pair for pair in sorted(headers.items()) if _WHO.match(pair[0]) and not _SIGNED.search(pair[1])]
    asked = (opening.provider, opening.host, opening.method, opening.path, query, opening.api_key_id, told, who)
    found = sha256(repr((*asked, tuple(group))).encode("utf-8", "surrogateescape"))
    found.update(body)
    return found.digest()


def never(headers: Mapping[str, str]) -> bool:
    """Whether the client wants its answer kept nowhere."""
    return _NEVER.search(headers.get("cache-control", "")) is not None


def anew(headers: Mapping[str, str]) -> bool:
    """Whether the client wants a new answer."""
    return _ANEW.search(headers.get("cache-control", "")) is not None


def _said(members: Mapping[str, bytes], name: str) -> bool:
    return name in members and bool(value(members[name]))


def _tools(members: Mapping[str, bytes]) -> list[object]:
    told = value(members["tools"]) if "tools" in members else None
    config = value(members["toolConfig"]) if "toolConfig" in members else None
    nested = config.get("tools") if isinstance(config, dict) else None
    return [tool for tools in (told, nested) if isinstance(tools, list) for tool in tools]


def _own(tool: object) -> bool:
    """Whether a tool is the client's, and not one that the provider runs."""
    if not isinstance(tool, dict):
        return False
    if (kind := tool.get("type")) is not None:
        return _OWN_KINDS.fullmatch(str(kind)) is not None
    return bool(tool.keys() & _OWN_SHAPES)

"""A client's request as another host wants it: path, model, key; it does not send it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from llmobs.policy.relay_schema import AUTH, Target
from llmobs.wire.lazy import fields

type Fields = tuple[tuple[bytes, bytes], ...]

# What tells who the client is at its own provider, and must not reach another one.
_PERSONAL = frozenset(
    b"authorization x-api-key api-key x-goog-api-key xi-api-key cookie openai-organization openai-project "
    b"chatgpt-account-id x-goog-user-project proxy-authorization idempotency-key".split()
)
_KEY_PARAMETERS = frozenset({"key", "api_key", "access_token"})
_VERSION = re.compile(r"^.*?/v\d[^/]*(?=/)")
# Vertex AI takes Anthropic's body without its model, which stands in the path, and with a version instead.
_VERTEX_VERB = {False: "rawPredict", True: "streamRawPredict"}
_VERTEX_VERSION = b'"vertex-2023-10-16"'


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to a host; `authority` is that of HTTP/2, which has no Host header."""

    scheme: str
    host: str
    port: int
    method: str
    path: str
    version: str
    authority: str
    fields: Fields
    body: bytes


def signed(request: Request) -> bool:
    """Whether the request is signed for its host, which no other one takes."""
    return any(name.lower() == b"authorization" and value.startswith(b"AWS4-") for name, value in request.fields)


def aim(request: Request, model: str | None, target: Target, environment: Mapping[str, str]) -> Request | None:
    """The request for a target; None where that can't take it."""
    named = _renamed(model, target)
    vertex = "{verb}" in target.path
    if signed(request) or (target.models and named is None):
        return None
    body = _body(request, named if named != model else None, vertex=vertex)
    if body is None:
        return None
    host, port = target.address
    return replace(
        request,
        scheme=target.scheme,
        host=host,
        port=port,
        authority=target.authority if request.authority else "",
        path=_path(request, named or model or "", target),
        fields=(*_kept(request, target, len(body)), *_own(target, environment)),
        body=body,
    )


def _renamed(model: str | None, target: Target) -> str | None:
    """What the target calls the model; patterns are tried in their order."""
    found = (theirs for asked, theirs in target.models.items() if fnmatchcase(model or "", asked))
    return next(found, None) if target.models else model


def _body(request: Request, model: str | None, *, vertex: bool) -> bytes | None:
    """The body with another model; as it came where nothing changes, None where it can't be changed."""
    if model is None and not vertex:
        return request.body
    members = {} if _header(request, b"content-encoding") else fields(request.body)
    if "model" not in members:
        # The path names the model, as in Gemini's, or nobody can read it.
        return None if vertex or not members else request.body
    if vertex:
        del members["model"]
        members.setdefault("anthropic_version", _VERTEX_VERSION)
    else:
        members["model"] = msgspec.json.encode(model)
    return b"{%b}" % b",".join(msgspec.json.encode(name) + b":" + raw for name, raw in members.items())


def _path(request: Request, model: str, target: Target) -> str:
    path, _, query = request.path.partition("?")
    verb = _VERTEX_VERB[fields(request.body).get("stream") == b"true"]
    blanks = {"{path}": path, "{rest}": _VERSION.sub("", path), "{model}": quote(model, safe=":@"), "{verb}": verb}
    written = re.sub(r"\{\w+\}", lambda blank: blanks[blank[0]], target.path)
    kept = urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _KEY_PARAMETERS])
    return written if not kept else f"{written}{'&' if '?' in written else '?'}{kept}"


def _kept(request: Request, target: Target, length: int) -> Iterator[tuple[bytes, bytes]]:
    """The client's own headers, without what is only for its provider."""
    replaced = {name.lower().encode() for name in target.headers}
    for name, value in request.fields:
        small = name.lower()
        if small in _PERSONAL or small in replaced:
            continue
        if small == b"host":
            value = target.authority.encode()
        elif small == b"content-length":
            value = b"%d" % length
        yield name, value


def _own(target: Target, environment: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    name, before = AUTH[target.auth]
    yield name.encode(), f"{before}{environment[target.key_env]}".encode()
    for header, value in target.headers.items():
        yield header.lower().encode(), value.encode()


def _header(request: Request, wanted: bytes) -> bytes | None:
    return next((value for name, value in request.fields if name.lower() == wanted), None)

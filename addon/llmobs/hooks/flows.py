"""Reads mitmproxy's flows: where a call goes, what its headers say, how it ended. Decides nothing about money."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mitmproxy import http
from mitmproxy.addons import proxyauth
from mitmproxy.connection import ConnectionState

from llmobs import identity
from llmobs.attempt import Attempt
from llmobs.attribution import Attribution
from llmobs.event import Event, Outcome
from llmobs.pricing import Billing, PriceBook, Provider, Route
from llmobs.tap import RequestTap, ResponseTap

# Headers that name the model or the tier that was really served, where the body does not.
_SERVED_MODEL = ("openai-model", "x-ms-served-model", "dg-model-name")
_TAPS = (RequestTap, ResponseTap)
_REALM = f'realm="{proxyauth.REALM}"'
# What a client's RST_STREAM says; an upstream that gives up sends INTERNAL_ERROR, and both connections stay open.
_CANCEL = "(CANCEL)"
# Segments of a path that name an object: a digit and some length, or a placeholder of a recording.
_ID = re.compile(r"^(?=.*\d).{12,}$|[<%]")
_GRPC_STATUS = b"grpc-status"
_SERVED_TIER = (
    "x-gemini-service-tier",
    "azureai-processed-tier",
    "x-amzn-bedrock-service-tier",
    "x-amzn-bedrock-performanceconfig-latency",
)


def headers(message: http.Message) -> dict[str, str]:
    """The headers in small letters, read once: each look-up in mitmproxy's own type walks all of them."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message.headers.fields}


def destination(book: PriceBook, flow: http.HTTPFlow) -> tuple[str, Provider] | None:
    """The provider a request goes to, and the name it is known by; None for any other host.

    In the transparent modes the request names an address, and only the SNI or the Host header names the host.
    """
    port = flow.request.port
    for name in (flow.request.host, flow.client_conn.sni):
        if name and (found := book.provider_at(name, port)):
            return name, found
    name = flow.request.pretty_host
    found = book.provider_at(name, port)
    return (name, found) if found else None


def unwelcome(flow: http.HTTPFlow) -> bool:
    """Whether mitmproxy has answered the request itself, to ask for a password."""
    if flow.response is None:
        return False
    asked = flow.response.headers
    return any(_REALM in asked.get(name, "") for name in ("proxy-authenticate", "www-authenticate"))


def path(request: http.Request) -> str:
    """The path without the query, which may hold a key, nor the fragment that some recordings keep."""
    return request.path.partition("?")[0].partition("#")[0]


def shape(path: str) -> str:
    """A path with its ids masked, so that one endpoint is one thing however many objects it serves."""
    return "/".join("*" if _ID.search(segment) else segment for segment in path.split("/"))


def opening(
    flow: http.HTTPFlow,
    host: str,
    named: Mapping[str, str],
    said: Attribution,
    provider_id: str,
    operation: str | None,
    salt: bytes,
    key_names: Mapping[str, str],
) -> Event:
    """The row as far as the request headers tell it."""
    request = flow.request
    columns: dict[str, Any] = dict(said.columns)
    key_id = identity.api_key_id(named, request.path.partition("?")[2], salt)
    return Event(
        # mitmproxy's own id, which is random and of one flow only.
        event_id=flow.id,
        started_at=datetime.fromtimestamp(request.timestamp_start, UTC),
        host=host,
        path=path(request),
        method=request.method,
        provider=provider_id,
        operation=operation,
        outcome=Outcome.INTERRUPTED,
        api_key_id=key_id,
        api_key_name=key_names.get(key_id) if key_id else None,
        client=identity.client(named),
        tags=said.tags_json(),
        client_skew_ms=None if said.sent_at is None else (said.sent_at - request.timestamp_start) * 1000,
        **columns,
    )


def key(request: http.Request) -> str | None:
    """The key that a request is made with, which nothing may store."""
    return identity.key(headers(request), request.path.partition("?")[2])


def billing(provider: Provider, route: Route | None, named: Mapping[str, str], request: http.Request) -> Billing | None:
    """How a call is paid, where its path or its key tells otherwise than its provider."""
    if provider.subscription_keys and provider.subscribed(identity.key(named, request.path.partition("?")[2]) or ""):
        return Billing.SUBSCRIPTION
    return route.billing if route else None


def served_model(named: Mapping[str, str]) -> str | None:
    """The model that a header of the answer names, for answers that do not name it."""
    return _first(named, _SERVED_MODEL)


def grpc_error(response: http.Response) -> str | None:
    """The status of a gRPC call that failed, which follows its HTTP 200."""
    for name, value in (response.trailers or response.headers).fields:
        if len(name) == len(_GRPC_STATUS) and name.lower() == _GRPC_STATUS:
            return None if value == b"0" else f"grpc_{value.decode('latin-1')}"
    return None


def served_tier(named: Mapping[str, str]) -> str | None:
    """The service tier that a header of the answer names."""
    return _first(named, _SERVED_TIER)


def _first(named: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first of these headers that says something."""
    for name in names:
        if named.get(name):
            return named[name]
    return None


def ending(flow: http.HTTPFlow) -> tuple[Outcome, str | None]:
    """How a flow ended that `error` was called for; the connections tell, as the texts are ambiguous."""
    reset_by_client = flow.error is not None and _CANCEL in flow.error.msg
    if reset_by_client or not flow.client_conn.state & ConnectionState.CAN_WRITE:
        return Outcome.CLIENT_ABORTED, None
    if flow.response is None:
        return Outcome.ERROR, "connection_error"
    return Outcome.UPSTREAM_ABORTED, None


def attempt(flow: http.HTTPFlow) -> Attempt | None:
    """The attempt that a flow is, which rides on its taps; None for a flow that is none."""
    for tap in (flow.response.stream if flow.response else None, flow.request.stream):
        if isinstance(tap, _TAPS):
            return tap.attempt
    return None

"""Whose connections and requests these are: proxy user names, our headers and baggage, which are read and taken off."""

import base64
import logging
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy.layers.modes import Socks5AuthData

from llmobs import attribution
from llmobs.attribution import NOTHING, Attribution
from llmobs.fault import told

LOG = logging.getLogger("llmobserve")

_PROXY_AUTHORIZATION, _BAGGAGE = "proxy-authorization", b"baggage"
# Headers that are taken off, and all that tell something.
_OURS = (attribution.HEADER.encode(), _PROXY_AUTHORIZATION.encode())
_TELLING = frozenset((_PROXY_AUTHORIZATION, "baggage", "traceparent"))


class Callers:
    """Knows what the user name of each connection says, for as long as the connection is there."""

    def __init__(self) -> None:
        self._known: MutableMapping[Client, Attribution] = WeakKeyDictionary()

    def connected(self, flow: http.HTTPFlow) -> None:
        """A client asks for a tunnel: its user name speaks for all calls that come through."""
        claim = flow.request.headers.get(_PROXY_AUTHORIZATION)
        if flow.response is None and (name := _user(flow, claim)):
            self._known[flow.client_conn] = attribution.of_user(name)

    def authenticated(self, data: Socks5AuthData) -> None:
        """A client has told a user name over SOCKS."""
        if data.valid:
            self._known[data.client_conn] = attribution.of_user(data.username)

    def take(self, flow: http.HTTPFlow, named: Mapping[str, str]) -> Attribution:
        """What is said of a request, by itself or its connection; what is said to us alone is taken off it."""
        if _TELLING.isdisjoint(named) and attribution.HEADER not in "\n".join(named):
            return self._known.get(flow.client_conn, NOTHING)
        said = self._said(flow, named)
        flow.request.headers.fields = tuple(_left(flow.request.headers.fields))
        return said

    def _said(self, flow: http.HTTPFlow, named: Mapping[str, str]) -> Attribution:
        """What can't be read says nothing."""
        try:
            return _of_its_user(flow, attribution.merge(*_said(flow, named), self._connection(flow, named)))
        except Exception as problem:  # noqa: BLE001 - whose call it is must never decide whether it gets through
            LOG.warning("%s: whose call it is could not be read: %s", flow.id, told(problem))
            return NOTHING

    def _connection(self, flow: http.HTTPFlow, named: Mapping[str, str]) -> Attribution:
        """What its connection says; a request that comes through no tunnel brings the user name itself."""
        known = self._known.get(flow.client_conn)
        if known is None and (name := _user(flow, named.get(_PROXY_AUTHORIZATION))):
            return attribution.of_user(name)
        return known or NOTHING


def _of_its_user(flow: http.HTTPFlow, said: Attribution) -> Attribution:
    """Whoever has shown a password is believed to be himself, whatever his request says."""
    if not (let_in := flow.metadata.get("proxyauth")):
        return said
    return replace(said, tags={**said.tags, attribution.USER: attribution.real_user(str(let_in[0]))})


def _said(flow: http.HTTPFlow, named: Mapping[str, str]) -> Iterator[Attribution]:
    """What a request says of itself, what is believed first at first."""
    if ours := {name: value for name, value in named.items() if name.startswith(attribution.HEADER)}:
        yield attribution.of_headers(ours)
    if "baggage" in named:
        headers = [value.decode("latin-1") for name, value in flow.request.headers.fields if name.lower() == _BAGGAGE]
        if members := [member for header in headers for member in attribution.split_baggage(header)[0]]:
            yield attribution.of_baggage(members)
    if "traceparent" in named:
        yield attribution.of_trace(named["traceparent"])


def _left(fields: tuple[tuple[bytes, bytes], ...]) -> Iterator[tuple[bytes, bytes]]:
    """The headers that a provider gets to see."""
    for name, value in fields:
        lower = name.lower()
        if lower.startswith(_OURS):
            continue
        if lower == _BAGGAGE:
            others = attribution.split_baggage(value.decode("latin-1"))[1]
            if others is None:
                continue
            value = others.encode("latin-1")
        yield name, value


def pass_by(flow: http.HTTPFlow) -> None:
    """A user name that speaks to us reaches no other host either; a proxy further on may need one of its own."""
    claim = flow.request.headers.get(_PROXY_AUTHORIZATION)
    if claim and "=" in unquote(_user(flow, claim) or ""):
        del flow.request.headers[_PROXY_AUTHORIZATION]


def _user(flow: http.HTTPFlow, claim: str | None) -> str | None:
    """The user that mitmproxy has let in or, where it asks for none, the one that the client claims to be."""
    if found := flow.metadata.get("proxyauth"):
        return str(found[0])
    scheme, _, secret = (claim or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(secret).decode("utf-8", "replace").partition(":")[0]
    except ValueError:
        return None


class Pairless:
    """Checks a password for mitmproxy, whose users are not to be confused by what their names say besides."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, username: str, password: str) -> bool:
        return bool(self.inner(attribution.real_user(username), password))


def authenticate_without_pairs(proxyauth: Any) -> None:
    """Let mitmproxy's own authentication see the user alone; an addon of another make is left as it is."""
    validator = getattr(proxyauth, "validator", None)
    if callable(validator) and not isinstance(validator, Pairless):
        proxyauth.validator = Pairless(validator)

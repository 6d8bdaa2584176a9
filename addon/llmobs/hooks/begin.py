"""Begins an attempt with what its request headers tell; it does not know how it goes on."""

from collections.abc import Mapping
from typing import NamedTuple

from mitmproxy import http

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.attribution import Attribution
from llmobs.dialects import DIALECTS
from llmobs.hooks import clocks, flows, sockets
from llmobs.hooks.calls import Calls
from llmobs.hooks.once import Once
from llmobs.meter import Meter
from llmobs.pricing import PriceBook, Provider

# So much of a client's word is repeated in a warning.
_SHOWN = 60


class Known(NamedTuple):
    """What is known before any call; key_names: what the policy file calls the keys, by their ids."""

    book: PriceBook
    salt: bytes
    key_names: Mapping[str, str]


def attempt(
    flow: http.HTTPFlow, host: str, provider: Provider, named: dict[str, str], said: Attribution, known: Known
) -> Attempt | None:
    """The attempt of a request that may cost something, or that asks for what one did; None for any other."""
    book = known.book
    route = book.route(provider, flow.request.method, flows.path(flow.request))
    dialect = DIALECTS.get(route.dialect or "", UNKNOWN) if route else UNKNOWN
    upgrade = sockets.asked(named)
    looks_up = flow.request.method != "POST" and not upgrade and not dialect.reads
    silent = dialect.looks_up or looks_up
    if (silent and not (dialect.job or dialect.results)) or (route is None and provider.listed_only):
        return None
    operation = (route.operation if route else None) or dialect.operation or None
    return Attempt(
        opening=flows.opening(flow, host, named, said, provider.id, operation, known.salt, known.key_names),
        port=flow.request.port,
        book=book,
        provider=provider,
        route=route,
        dialect=dialect,
        meter=Meter(dialect),
        silent=silent,
        billing=flows.billing(provider, route, named, flow.request),
        region=book.region(provider, host),
        query=dict(flow.request.query) if dialect.asked or dialect.variant or upgrade else {},
    )


def run(attempt: Attempt, named: dict[str, str], calls: Calls, *, held: bool) -> None:
    """Keep an attempt until it ends, or goes another way; one that is held goes when its request is complete."""
    if attempt.dialect.turns and sockets.asked(named):
        calls.expect(attempt)
        return
    attempt.held = held and not attempt.silent
    if attempt.waits:
        calls.expect(attempt)
    else:
        calls.begin(attempt)


def warn(attempt: Attempt, said: Attribution, once: Once) -> None:
    """Tell whoever runs the proxy, once for each cause, of what comes with a call and is not understood."""
    opening = attempt.opening
    if attempt.route is None:
        once.warn(
            f"{opening.host}{flows.shape(opening.path)} is a path of {attempt.provider.id} that no route knows: its "
            "calls are recorded as unpriced. Add a route to your pricing file, with `free: true` if it costs nothing."
        )
    for word in said.unknown:
        once.warn(f"{word[:_SHOWN]!a} is no word of LLMObserve, or its value can't be read: the row does not tell it.")
    if opening.client_skew_ms is not None:
        clocks.warn(opening.client_skew_ms, f"the client {opening.client or 'without a name'}", once)

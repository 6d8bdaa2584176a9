"""Begins an attempt with what its request headers tell; it does not know what becomes of it."""

from dataclasses import dataclass

from mitmproxy import http

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.dialects import DIALECTS
from llmobs.hooks import flows, sockets
from llmobs.meter import Meter
from llmobs.pricing import PriceBook, Provider


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before any call."""

    book: PriceBook
    salt: bytes


def attempt(flow: http.HTTPFlow, host: str, provider: Provider, named: dict[str, str], known: Known) -> Attempt | None:
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
        opening=flows.opening(flow, host, named, provider.id, operation, known.salt),
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


def unknown_path(attempt: Attempt) -> str:
    """What to tell whoever runs the proxy of a call that no route knows."""
    opening = attempt.opening
    return (
        f"{opening.host}{flows.shape(opening.path)} is a path of {attempt.provider.id} that no route knows: its calls "
        "are recorded as unpriced. Add a route to your pricing file, with `free: true` if it costs nothing."
    )

"""Lets the HTTP clients of a program carry the members along; does not know what they say."""

from __future__ import annotations

import contextvars
import importlib
import importlib.util
from typing import Any, cast

from llmobs.sections.hosts import AUDIENCE, hostname
from llmobs.sections.members import baggage
from llmobs.sections.quiet import LOG, quietly
from llmobs.sections.scope import TELEMETRY, current_span, held

if TELEMETRY:
    from opentelemetry import propagate

# HTTP library, its instrumentation package, the class in it. Few programs miss those of OPTIONAL.
CLIENTS = (
    ("httpx", "httpx", "HTTPXClientInstrumentor"),
    ("httpx2", "httpx", "HTTPX2ClientInstrumentor"),
    ("requests", "requests", "RequestsInstrumentor"),
    ("aiohttp", "aiohttp_client", "AioHttpClientInstrumentor"),
    ("urllib3", "urllib3", "URLLib3Instrumentor"),
    ("threading", "threading", "ThreadingInstrumentor"),
)
OPTIONAL = ("urllib3", "threading")

_HOST: contextvars.ContextVar[str | None] = contextvars.ContextVar("llmobserve_host", default=None)


def instrument() -> dict[str, str]:
    """Instrument each library that the user did not; those that can't be, with the package that is missing."""
    if TELEMETRY and not isinstance(propagate.get_global_textmap(), Propagator):
        propagate.set_global_textmap(cast("Any", Propagator(propagate.get_global_textmap())))
    missing = [(library, package) for library, package, name in CLIENTS if not _is_instrumented(library, package, name)]
    return {library: f"opentelemetry-instrumentation-{package.replace('_', '-')}" for library, package in missing}


def _is_instrumented(library: str, package: str, name: str) -> bool:
    if importlib.util.find_spec(library) is None:
        return True
    try:
        instrumentor = getattr(importlib.import_module(f"opentelemetry.instrumentation.{package}"), name)()
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument(
                request_hook=_note, async_request_hook=_note_async, raise_exception_on_conflict=True
            )
        return True
    except Exception:  # noqa: BLE001 - not installed, too old, or broken
        LOG.debug("%s is not instrumented", library, exc_info=True)
        return library in OPTIONAL


class Propagator:
    """The propagator of the user, and after it the members of ours."""

    def __init__(self, base: Any) -> None:
        self._base = base

    def extract(self, *args: Any, **kwargs: Any) -> Any:
        """As the user has it."""
        return self._base.extract(*args, **kwargs)

    def inject(self, carrier: Any, context: Any = None, *args: Any, **kwargs: Any) -> None:
        """As the user has it; then our members, beside others in the baggage."""
        self._base.inject(carrier, context, *args, **kwargs)
        _inject(carrier, context)

    @property
    def fields(self) -> set[str]:
        """The headers that `inject` writes."""
        return {*self._base.fields, "baggage"}


@quietly
def _inject(carrier: Any, context: Any) -> None:
    present = carrier.get("baggage") or ""
    # What a redirect brought along is taken off again where it leads to anyone else.
    wanted = baggage(held(context) if AUDIENCE.may_know(_host(carrier)) else {}, present)
    if wanted:
        carrier["baggage"] = wanted
    elif present:
        del carrier["baggage"]


def _host(carrier: Any) -> str | None:
    """Where a request goes, by whichever of its instrumentation, its headers and its span tells."""
    noted = _HOST.get()
    _HOST.set(None)
    told = getattr(current_span(), "attributes", None) or {}
    return noted or hostname(carrier.get("host") or told.get("url.full") or told.get("http.url"))


@quietly
def _note(*args: Any) -> None:
    """Remember where a request goes: the instrumentations call this just before they inject."""
    _HOST.set(hostname(args[-1].url))


async def _note_async(*args: Any) -> None:
    _note(*args)

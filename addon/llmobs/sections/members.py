"""Names, writes and bounds what is told of a call; does not know how it gets into a request."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from llmobs.sections.quiet import LOG

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypedDict

    class Settings(TypedDict, total=False):
        """What a section, or a whole program, can be said to belong to."""

        customer_id: str | None
        run_id: str | None
        feature_version: str | None
        prompt_version: str | None
        experiment_id: str | None
        variant_id: str | None
        tags: Mapping[str, object] | None


# What is told, most important first, and the header that tells it to the proxy; tags come last.
HEADERS = {
    "customer_id": "X-LLMObserve-Customer-ID",
    "run_id": "X-LLMObserve-Run-ID",
    "section": "X-LLMObserve-Section",
    "span_id": "X-LLMObserve-Span-ID",
    "parent_span_id": "X-LLMObserve-Parent-Span-ID",
    "trace_id": "X-LLMObserve-Trace-ID",
    "timestamp": "X-LLMObserve-Timestamp",
    "feature_version": "X-LLMObserve-Feature-Version",
    "prompt_version": "X-LLMObserve-Prompt-Version",
    "experiment_id": "X-LLMObserve-Experiment-ID",
    "variant_id": "X-LLMObserve-Variant-ID",
}
TAGS = "X-LLMObserve-Tags"
# What the names of our members of baggage begin with, and those of tags after it.
OURS, TAG = "llmobserve.", "tag."
# What a user sets; the rest of HEADERS is found out.
SETTINGS = ("customer_id", "run_id", "feature_version", "prompt_version", "experiment_id", "variant_id")
# https://www.w3.org/TR/baggage/#limits: what every hop has to pass on.
MOST, BYTES = 64, 8192

_RANK = {name: number for number, name in enumerate(HEADERS)}


def merged(members: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, str]:
    """The members with what is set laid over them; None takes one away."""
    told = {name: settings[name] for name in SETTINGS if name in settings}
    told |= {f"{TAG}{name}": value for name, value in (settings.get("tags") or {}).items()}
    if unknown := settings.keys() - {*SETTINGS, "tags"}:
        LOG.warning("sections know no %s", ", ".join(sorted(unknown)))
    changed = {name: str(value) for name, value in told.items() if value is not None}
    return {**{name: value for name, value in members.items() if name not in told}, **changed}


def fitting(members: Mapping[str, str], others: Iterable[str] = ()) -> dict[str, str]:
    """What of the members is told, and when: all or, where baggage reaches its limits, what matters most."""
    sizes = [len(other) + 1 for other in others]
    found = {}
    for name, value in sorted(_timed(members), key=lambda item: _RANK.get(item[0], len(_RANK))):
        size = len(_written(name, value)) + 1
        if sum(sizes) + size <= BYTES and len(sizes) < MOST:
            sizes.append(size)
            found[name] = value
    return found


def baggage(members: Mapping[str, str], present: str = "") -> str:
    """The baggage of a request with the members in it; those of others stay, our own of an earlier request do not."""
    others = [other for other in present.split(",") if other.strip()]
    if f"{OURS}timestamp=" in present:
        others = [other for other in others if not other.strip().startswith(OURS)]
    others = [other for other in others if other.partition("=")[0].strip().removeprefix(OURS) not in members]
    return ",".join([*others, *(_written(*item) for item in fitting(members, others).items())])


def headers(members: Mapping[str, str]) -> dict[str, str]:
    """The members as headers."""
    told = fitting(members)
    tags = [f"{_quoted(name[len(TAG) :])}={_quoted(value)}" for name, value in told.items() if name.startswith(TAG)]
    named = {HEADERS[name]: _readable(value) for name, value in told.items() if name in HEADERS}
    return {**named, **({TAGS: ";".join(tags)} if tags else {})}


def _timed(members: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from members.items()
    if members:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        yield "timestamp", now.replace("+00:00", "Z")


def _written(name: str, value: str) -> str:
    return f"{OURS}{_quoted(name)}={_quoted(value)}"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _readable(text: str) -> str:
    """As it is, where a header can hold it and a reader who decodes it finds the same."""
    return text if text.isascii() and text.isprintable() and "%" not in text else _quoted(text)

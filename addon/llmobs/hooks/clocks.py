"""How far the clocks of clients and providers are from ours; a call keeps our own time whatever they say."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from mitmproxy import http
from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.hooks.once import Once

# A clock that is kept by NTP is off by less than a second; from here on signatures and tokens begin to fail.
FAR_MS = 5 * 60 * 1000
# `Date` tells whole seconds: the middle of one is half of it away at most.
_HALF_SECOND = 0.5


def compare(flow: http.HTTPFlow, named: Mapping[str, str], attempt: Attempt, once: Once) -> None:
    """Note how far a provider's clock is from ours, by the `Date` of an answer that was not made before."""
    assert flow.response is not None
    told = _seconds(named["date"]) if "date" in named and "age" not in named else None
    if told is None:
        return
    skew_ms = (told + _HALF_SECOND - flow.response.timestamp_start) * 1000
    attempt.opening = structs.replace(attempt.opening, provider_skew_ms=skew_ms)
    warn(skew_ms, attempt.opening.host, once)


def warn(skew_ms: float, whose: str, once: Once) -> None:
    """Say once of a client or a host that its clock, or ours, is wrong."""
    about = f"the clock of {whose}"
    if abs(skew_ms) >= FAR_MS and not once.said(about):
        way = "ahead of" if skew_ms > 0 else "behind"
        once.warn(
            f"{about} is {round(abs(skew_ms) / 60_000)} minutes {way} ours: one of them is wrong. Rows "
            "keep our time; the columns client_skew_ms and provider_skew_ms tell the difference.",
            about=about,
        )


# All answers within a second have the same date.
@lru_cache(64)
def _seconds(date: str) -> float | None:
    try:
        told = parsedate_to_datetime(date)
        return told.replace(tzinfo=told.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None

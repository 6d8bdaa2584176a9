"""What the headers of a refused call say about asking again; it does not know whether that is allowed."""

import contextlib
import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def wait_s(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds after which a provider wants to be asked again; None where it does not say."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        with contextlib.suppress(ValueError):
            if math.isfinite(seconds := float(headers.get(name, "")) / unit):
                return max(0.0, seconds)
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    return max(0.0, at.timestamp() - (time.time() if now is None else now))


def final(headers: Mapping[str, str]) -> bool:
    """Whether a provider says that asking again is of no use."""
    return headers.get("x-should-retry", "").lower() == "false"

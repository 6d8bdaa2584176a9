"""What the headers of a refused call say about asking again; it does not know whether that is allowed."""

import time
from collections.abc import Mapping

from llmobs.limits import headers as limits


def wait_s(headers: Mapping[str, str]) -> float | None:
    """The seconds after which a provider wants to be asked again; None where it does not say."""
    return limits.retry_after(headers, time.time())


def final(headers: Mapping[str, str]) -> bool:
    """Whether a provider says that asking again is of no use."""
    return headers.get("x-should-retry", "").lower() == "false"

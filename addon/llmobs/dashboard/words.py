"""Figures and names as a page shows them; what traffic brings is made harmless for eyes, the rest is the template's."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from llmobs.render import count, duration, percent, plain, usd
from llmobs.trace.step import Sums

# Nobody reads more of a name; the whole of it is on the page of the call.
LONGEST = 200
MOST_TIMES = 50
NONE = "(none)"


def visible(text: str) -> str:
    """A text whose every sign can be seen; line ends stay."""
    return plain(text, lines=True)


def name(value: object) -> str:
    """A name out of traffic, on one line and not too long."""
    if value is None or value == "":
        return NONE
    text = plain(str(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def cost(row: Mapping[str, Any], amount: str = "cost_usd") -> str:
    """What calls cost, with the signs of the terminal: at least, about, unknown."""
    more = any(row.get(doubt) for doubt in ("unknown_calls", "partial_calls", "pending_calls"))
    return usd(row[amount], more=more, roughly=bool(row.get("estimated_calls")))


def step_cost(sums: Sums) -> str:
    """What the calls of a step cost together."""
    return usd(sums.cost_usd, more=sums.doubtful_calls > 0, roughly=sums.estimated_calls > 0)


def call_cost(row: Mapping[str, Any]) -> str:
    """What one call cost."""
    status = row["cost_status"]
    return usd(row["cost_usd"], more=status == "partial", roughly=status == "estimated")


def digits(number: Decimal | float | None) -> str:
    """A number with all its digits; a question mark where it is unknown."""
    if number is None:
        return "?"
    text = f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(at: datetime | None) -> str:
    """A time, to the second."""
    return "-" if at is None else at.isoformat(" ", "seconds")


def change(now: Decimal | float | None, before: Decimal | float | None) -> str:
    """By how much something is more or less than before; nothing where that says nothing."""
    if now is None or not before:
        return ""
    share = float(now) / float(before) - 1
    if share >= MOST_TIMES:
        return ""  # before there was next to nothing, as where the database began in between
    if share >= 1:
        return f"{share + 1:.1f}×"
    return f"{share:+.0%}".replace("-", "\u2212") if abs(share) >= 0.005 else "±0%"


def trace_url(trace: object) -> str:
    """Where a run or a trace is shown."""
    return _url("trace", trace)


def call_url(event_id: object) -> str:
    """Where a call is shown."""
    return _url("call", event_id)


def _url(page: str, what: object) -> str:
    """The address of a thing's page; browsers read dots alone as folders."""
    text = quote(str(what), safe="")
    return f"/{page}?id={text}" if set(str(what)) <= {".", "/"} else f"/{page}/{text}"


FILTERS = {
    "call_cost": call_cost,
    "call_url": call_url,
    "cost": cost,
    "count": count,
    "digits": digits,
    "duration": duration,
    "moment": moment,
    "name": name,
    "percent": percent,
    "step_cost": step_cost,
    "trace_url": trace_url,
    "usd": usd,
}

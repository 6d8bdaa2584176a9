"""What a row of `events` has to say about one call, and the look-ups that the rules of each wire family share.

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tests.corpus.recording import Exchange, Json


class State(StrEnum):
    """How far work has come that goes on after its request."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a row of `events` has to say about one call.

    `metered` calls have exactly one row; tokens are known where `has_usage`; None: the provider says nothing.
    `quantities` are the charges that the row must hold beside plain tokens, by unit.
    `total` and `provider_cost` are the provider's own words. `excluded_reason` says why an exchange counts nothing.
    `jobs` are the ids that the row may go by, one row for all exchanges that tell of them: work that goes on after its
    request (`state`) or one line of a batch's results. `results` names where a batch's lines are found.
    """

    metered: bool
    provider: str | None = None
    has_usage: bool = False
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    total: int | None = None
    provider_cost: Decimal | None = None
    model: str | None = None
    web_searches: int | None = None
    excluded_reason: str | None = None
    usage: Json = field(default_factory=dict)
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    jobs: frozenset[str] = frozenset()
    state: State | None = None
    results: frozenset[str] = frozenset()
    line: bool = False
    billed_by_lines: bool = False


type Reader = Callable[[Exchange, list[Json]], Expected | None]

NOTHING = Expected(metered=True)


def at(value: object, path: str) -> object:
    """The value at a dotted path, None where there is none."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def last(found: list[Json], path: str) -> Json:
    """The last object at a path of a stream's messages that is not empty."""
    values = [value for value in (at(m, path) for m in found) if isinstance(value, dict) and value]
    return values[-1] if values else {}


def count(usage: object, path: str) -> int | None:
    """The whole number at a path, however it is written."""
    value = at(usage, path)
    return int(value) if isinstance(value, int | float) and value == int(value) else None


def units(**found: object) -> dict[str, Decimal]:
    """Quantities by unit, those that are not there or zero left out."""
    return {unit: Decimal(str(n)) for unit, n in found.items() if isinstance(n, int | float) and n}

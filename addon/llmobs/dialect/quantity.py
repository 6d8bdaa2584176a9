"""What an answer or a request tells of what is billed, as data: counts, fees, variants, bills, tools; it reads none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Count:
    """`unit` takes the first of `fields` (paths in the usage object) that holds a number.

    `within` names the units whose own figures include these units again; two counts of one unit add up.
    times: paths of a number that multiplies it, 1 where there is none. once: at most 1, however large the figure is.
    """

    unit: str
    fields: tuple[str, ...]
    within: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    once: bool = False


@dataclass(frozen=True, slots=True)
class Fee:
    """`unit` takes the number at `field` of the answer, or else how many of its `items` fit `where`.

    once: at most 1, however many there are.
    """

    unit: str
    field: str = ""
    items: str = ""
    where: tuple[tuple[str, str], ...] = ()
    once: bool = False


class Measure(StrEnum):
    """How much a member of a request stands for: the number it holds, its length as text, its elements, or a time.

    A time is a number of seconds, with or without an `s` behind it, and counts as hours.
    """

    NUMBER = "number"
    CHARACTERS = "characters"
    ITEMS = "items"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Asked:
    """What only the request tells: `unit` takes the first of `fields` (paths in its body) that is there.

    default: how much it is where the request does not say. words: how much some words stand for.
    times: paths of a number that multiplies it, in the request or else in the usage object; 1 where there is none.
    Where the usage object tells the unit as well, it is right.
    """

    unit: str
    fields: tuple[str, ...]
    measure: Measure = Measure.NUMBER
    default: int = 0
    words: Mapping[str, int] = field(default_factory=dict, hash=False)
    times: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One part of what else decides a price: the first of `fields`, of the answer or else of the request."""

    fields: tuple[str, ...]
    default: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """Where a usage object tells what was charged: the first of `amount` that is there, in USD or in `currency`.

    minor: the amount counts the smallest unit of the currency, as cents are. A negative amount is money all the same.
    """

    amount: tuple[str, ...]
    currency: tuple[str, ...] = ()
    minor: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        return self.amount + self.currency


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with a usage and a model of its own: paths in the answer, and the key under which the usage is kept."""

    key: str
    usage: str
    model: tuple[str, ...]
    default_model: str

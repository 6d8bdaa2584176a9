"""What an export is: a kind with its columns, and the records that come out of it; it reads no file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from scripts.reconciliation.figures import Figures

# What is no model's: searches, containers, sessions.
TOOLS = "(tools)"


class ExportError(Exception):
    """A file that can't be compared; the text names the file, what was found and what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """One export as its provider makes it, and which column feeds which field; JSON paths are joined with dots.

    `marks` are the columns by which it is known. A `closed` kind has no columns besides the known ones. `sums` adds up
    the columns of a measure, those that are there. `call` stands for one call per row. Amounts are divided by
    `per_usd`, and each is rounded to `rounding` on either side. `model_in` finds the model in a text. A row without a
    model is a tool's if the column `fee` says something. `remark` is why nothing can be compared.
    """

    title: str
    provider: str
    source: str
    day: str
    marks: tuple[str, ...]
    closed: bool = False
    models: tuple[str, ...] = ()
    model_in: re.Pattern[str] | None = None
    fee: str | None = None
    keys: tuple[str, ...] = ()
    call: bool = False
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    currency: str | None = None
    per_usd: int = 1
    rounding: Decimal = Decimal(0)
    other: tuple[str, ...] = ()
    remark: str = ""

    @property
    def known(self) -> frozenset[str]:
        """Every column that is understood, read or not."""
        read = [name for names in self.sums.values() for name in names]
        single = filter(None, (self.day, self.fee, self.currency))
        return frozenset((*single, *self.marks, *self.models, *self.keys, *read, *self.other))

    def fits(self, columns: frozenset[str]) -> bool:
        """True where a file with these columns is of this kind."""
        return columns.issuperset(self.marks) and (not self.closed or columns <= self.known)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as rows: each with where it stands, and its cells by column. `more` is True for a page before the last."""

    file: str
    layout: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, Mapping[str, object]], ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One row of an export: a day, the model as the provider names it, all names of the key, and what it counts."""

    day: date
    kind: Kind
    origin: str
    file: str
    model: str | None
    keys: tuple[str, ...]
    figures: Figures

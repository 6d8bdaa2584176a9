"""The one walker that reads usage objects by their tables: disjoint quantities out of inclusive figures.

It does not know any vendor, any price, nor how messages were framed.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache, lru_cache
from itertools import zip_longest
from typing import NamedTuple

from llmobs.dialect.path import Json, counted, first_number, leaves, number, visit
from llmobs.dialect.quantity import Count
from llmobs.dialect.table import Dialect
from llmobs.units import UNITS, Quantities, Side


class Reading(NamedTuple):
    """What one usage object says: disjoint quantities by unit, for one model (None: the call's own).

    beside: it is a tool's, whose tokens are not among those that the provider calls the call's.
    """

    quantities: Quantities
    model: str | None = None
    mismatch: bool = False
    beside: bool = False


def fold(dialect: Dialect, former: dict[str, Json] | None, later: dict[str, Json]) -> dict[str, Json]:
    """The usage object after one more of them was seen; null fields count as absent, explicit zeros do not."""
    if dialect.sums:
        steps = former[dialect.parts] if former else []
        assert isinstance(steps, list)
        steps.append(later)  # copying them for each further one would take quadratic time
        return {dialect.parts: steps}
    if not former or not (dialect.merge or dialect.highest):
        return later
    if dialect.highest:
        return {key: _highest(former.get(key), later.get(key)) for key in former | later}
    return former | {key: value for key, value in later.items() if value is not None}


def _highest(former: Json, later: Json) -> Json:
    """Two trees of figures as one."""
    if isinstance(former, dict) and isinstance(later, dict):
        return {key: _highest(former.get(key), later.get(key)) for key in former | later}
    if isinstance(former, list) and isinstance(later, list):
        return [_highest(*pair) for pair in zip_longest(former, later)]
    return former if (counted(former) or 0) > (counted(later) or 0) else later


def read(dialect: Dialect, usage: Mapping[str, Json], model: str | None = None) -> list[Reading]:
    """What a complete usage object bills, one reading for each model; empty where it holds no count that is known."""
    whole = _reading(dialect, usage, model)
    parts = [p for p in visit(usage, f"{dialect.parts}[]") if isinstance(p, dict)] if dialect.parts else []
    tools = _tools(dialect, usage)
    if not parts:
        return [whole, *tools] if whole else tools
    fees = {unit: n for unit, n in whole.quantities.items() if UNITS[unit].side is Side.FEE} if whole else {}
    billed = [r for part in _billed(parts) if (r := _reading(dialect, part, None))]
    return [*billed, *([Reading(fees)] if fees else []), *tools]


def _tools(dialect: Dialect, usage: Mapping[str, Json]) -> list[Reading]:
    used = [found for tool in dialect.tools if isinstance(found := usage.get(tool.key), dict)]
    return [said._replace(beside=True) for part in used if (said := _reading(dialect, part, None)) and said.quantities]


def _billed(parts: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Without the refused first hop of a fallback, which produced nothing and is not charged."""
    fell_back = any(p.get("type") == "fallback_message" for p in parts)
    return [p for p in parts if not (fell_back and p.get("type") == "message" and not p.get("output_tokens"))]


def _reading(dialect: Dialect, usage: Mapping[str, Json], model: str | None) -> Reading | None:
    raw = _raw(dialect, usage)
    if not raw:
        return None
    apart = {unit for unit, pattern in dialect.apart.items() if re.match(pattern, model or "")}
    total = number(usage, dialect.total) if dialect.total else None
    gap = _gap(dialect, raw, apart, total)
    if gap > 0:
        apart |= {c.unit for c in dialect.counts if c.within and raw.get(c.unit) == gap}
        gap = _gap(dialect, raw, apart, total)
    if gap > 0 and dialect.gap:
        raw[dialect.gap], gap = raw.get(dialect.gap, 0) + gap, 0
        apart.add(dialect.gap)
    named = usage.get("model") if model is None else None
    return Reading(_disjoint(dialect, raw, apart), named if isinstance(named, str) else None, mismatch=gap != 0)


def _gap(dialect: Dialect, raw: Quantities, apart: set[str], total: int | Decimal | None) -> int | Decimal:
    """What the provider's own sum holds beyond the figures that are added up."""
    return 0 if total is None else total - sum(map(raw.__getitem__, _outer(dialect, frozenset(raw), frozenset(apart))))


def _raw(dialect: Dialect, usage: Mapping[str, Json]) -> Quantities:
    raw: Quantities = {}
    told = leaves(usage)
    for path in _selecting(dialect):
        told[path] = number(usage, path)
    for count in dialect.counts:
        for path in count.fields:
            leaf = told.get(path)
            if leaf is not None and (found := counted(leaf)) is not None:
                break
        else:
            continue
        if count.times or count.once:
            found = _scaled(count, usage, found)
        raw[count.unit] = raw.get(count.unit, 0) + found
    return raw


@cache
def _selecting(dialect: Dialect) -> tuple[str, ...]:
    """The paths that lead through lists."""
    return tuple(path for count in dialect.counts for path in count.fields if "[" in path)


def _scaled(count: Count, usage: Mapping[str, Json], found: int | Decimal) -> int | Decimal:
    times = first_number(usage, count.times) if count.times else None
    whole = found if times is None else found * times
    return min(whole, 1) if count.once else whole


@lru_cache
def _outer(dialect: Dialect, listed: frozenset[str], apart: frozenset[str]) -> tuple[str, ...]:
    """The token units whose figure no other listed figure includes."""
    return tuple(
        unit
        for unit, within in _inner_first(dialect)
        if unit in listed and UNITS[unit].side is not Side.FEE and (unit in apart or listed.isdisjoint(within))
    )


def _disjoint(dialect: Dialect, raw: Quantities, apart: set[str]) -> Quantities:
    """Each figure less what is listed again under the units inside it, which never exceed it."""
    left = dict(raw)
    for unit, within in _inner_first(dialect):
        if raw.get(unit) and within and unit not in apart:
            outer = [name for name in within if name in raw]
            left[unit] = min([left[unit], *(left[name] for name in outer)])
            for name in outer:
                left[name] -= left[unit]
    return {unit: n for unit, n in left.items() if n}


@cache
def _inner_first(dialect: Dialect) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Units and the units they lie within, the innermost first: a table lists an outer unit before the inner ones."""
    return tuple(reversed({count.unit: count.within for count in dialect.counts}.items()))

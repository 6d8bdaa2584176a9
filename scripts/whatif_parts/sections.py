"""What other models would cost as tables and sentences; it neither asks nor prices."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from llmobs.render import Cell, Column, Section, count, plural, usd
from llmobs.units import UNITS, Side
from scripts.whatif_parts.pricing import Priced
from scripts.whatif_parts.ranking import Ranking
from scripts.whatif_parts.result import Result

_COLUMNS = (
    Column("model", figures=False),
    *(Column(name, spare=name in ("calls", "now")) for name in ("calls", "now", "then", "difference", "change")),
)


def spent(found: Result) -> str:
    """What the calls cost now."""
    unknown = f"; of {found.unknown_calls:,} the cost is not known" if found.unknown_calls else ""
    calls = plural(found.planned_calls, "call")
    plan = (
        f", {usd(found.planned_usd)} of it the list price of {calls} that a plan pays for"
        if found.planned_calls
        else ""
    )
    return f"{usd(found.now_usd, more=found.unknown_calls > 0)} now{plan}{unknown}"


def comparison(found: Result) -> Section:
    """Each model with what the calls that it takes over cost now, what they would cost there, and the difference."""
    return Section("The same calls at other models", _COLUMNS, [_row(told) for told in found.models])


def ranking(found: Result, there: Ranking) -> Section:
    """The cheapest models for one operation, with what is not priced alike."""
    rows = [[*_row(told), Cell("; ".join(_lacks(told)), "quiet")] for told in found.models]
    columns = [*_COLUMNS, Column("not priced alike", figures=False, spare=True)]
    return Section(
        f"The cheapest models for {found.work[0]} calls", columns, rows, note="; ".join(_ranked(found, there))
    )


def _ranked(found: Result, there: Ranking) -> Iterator[str]:
    yield f"of {len(there.models):,} with a price for all that was used"
    if there.free:
        yield f"{plural(there.free, 'model')} of price 0 left out"
    if there.tool_calls:
        yield f"{plural(there.tool_calls, 'call')} with {' or '.join(there.tools)} left out, which few models have"
    if found.work[1:]:
        yield f"other work ({', '.join(found.work[1:])}) is not looked at: --where operation=NAME"
    if found.unknown_calls:
        yield f"nor are {plural(found.unknown_calls, 'call')} whose cost is not known now"


def unknown_abilities(found: Result) -> str:
    """What nobody may forget who wants to move, as a price list can't tell it."""
    return (
        "Prices are all that is known of these models: whether they are good enough, call tools, see pictures, write "
        f"JSON, or take as much as the largest call here ({plural(found.largest_input_tokens, 'input token')}), is not."
    )


def _lacks(told: Priced) -> Iterator[str]:
    """In few words, for a column."""
    yield from (f"{tier} as ordinary" for tier in told.other_terms)
    if told.full_price_cached_tokens:
        yield "cached at full price"


def _row(told: Priced) -> list[str | Cell]:
    if told.lacks_tokens or not told.known_calls:
        return [told.target.name, count(told.calls), _now(told), "?", "-", "-"]
    more = bool(told.unpriced or told.no_usage)
    change = float(told.difference_usd / told.now_usd) if told.now_usd else None
    mark = Cell(_signed(told.difference_usd), "good" if told.difference_usd < 0 else "bad")
    then = usd(told.then_known_usd, more=more, roughly=told.estimated)
    return [told.target.name, count(told.calls), _now(told), then, mark, "-" if change is None else f"{change:+.1%}"]


def _now(told: Priced) -> str:
    return usd(told.now_usd if told.known_calls else None)


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else ''}{usd(amount)}"


def doubts(found: Iterable[Priced]) -> Iterator[str]:
    """What the figures do not tell of each model."""
    for told in found:
        if parts := list(_doubts(told)):
            yield f"{told.target.name}: {'; '.join(parts)}."


def _doubts(told: Priced) -> Iterator[str]:
    if told.unpriced:
        yield f"no price for {', '.join(_quantity(unit, n) for unit, n in told.unpriced.items())}"
    if told.left:
        left = ", ".join(f"{number:,} of {name}" for name, number in told.left.items())
        yield f"does not take over {left} calls, which stay as they are"
    for tier, number in told.other_terms.items():
        yield f"{number:,} {tier or 'other'} calls at its ordinary price, as it has none for that tier"
    if told.full_price_cached_tokens:
        yield f"no price for cached input, so that {count(told.full_price_cached_tokens)} tokens cost as much as others"
    if told.estimated:
        yield "≈ a rate had to be assumed"
    unknown = told.calls - told.known_calls - told.no_usage
    if unknown and not told.lacks_tokens:
        amount = usd(told.then_usd - told.then_known_usd)
        yield f"{plural(unknown, 'call')} whose cost is not known now would come to {amount} there"
    if told.no_usage:
        yield f"what {plural(told.no_usage, 'call')} used is not known"


def _quantity(unit: str, number: int) -> str:
    kind = UNITS[unit]
    return f"{count(number)} {unit}{'' if kind.side is Side.FEE else ' tokens'}"

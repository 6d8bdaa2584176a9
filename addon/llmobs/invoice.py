"""Draws the invoice of one attempt: usage readings and prices in, charges, totals and an honest status out.

It does not know HTTP, streams, or where usage and prices came from.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec
from msgspec import structs

from llmobs import money
from llmobs.dialect import Dialect, Json, Reading, number, read
from llmobs.event import Charge, CostStatus
from llmobs.pricing import Billing, PriceBook, Provider, Quote, Terms, charges, is_estimate
from llmobs.units import CACHED, PIECES, SEARCHES, UNITS, WRITTEN, Quantities, Side, total

ZERO = Decimal(0)
# Units of which another may measure the same.
MEASURED_TWICE = PIECES | SEARCHES
# The totals of an event, and the units that count to each.
_TOTALS = {
    "input_tokens": {name for name, unit in UNITS.items() if unit.side is Side.INPUT},
    "cached_input_tokens": CACHED,
    "cache_write_tokens": WRITTEN,
    "output_tokens": {name for name, unit in UNITS.items() if unit.side is Side.OUTPUT},
    "reasoning_tokens": {"reasoning"},
}
_COUNTED_IN = {unit: [column for column, units in _TOTALS.items() if unit in units] for unit in UNITS}


# A struct is made in a fraction of a frozen dataclass's time, and an invoice is drawn on the event loop.
class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What decides the price of an attempt.

    usage: the folded usage object, None where none came; complete: it is the last one of the answer.
    estimate: counted tokens, used for what the usage does not tell. served: an answer was produced at all.
    cut: more was used than is told here. pending: the work goes on, and what it costs is told later.
    asked: what the request asked for, where the answer does not tell it.
    models: names to look for in the price list, the best first.
    """

    provider: Provider
    dialect: Dialect
    at: datetime
    models: tuple[str, ...]
    usage: dict[str, Json] | None = None
    complete: bool = True
    opening: bool = False
    estimate: Quantities | None = None
    fees: Quantities = {}
    asked: Quantities = {}
    tier: str | None = None
    region: str | None = None
    served: bool = True
    cut: bool = False
    free: bool = False
    variant: str | None = None
    billing: Billing | None = None
    pending: bool = False


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """Totals in tokens, money in USD; None is unknown."""

    status: CostStatus
    model: str | None = None
    version: str | None = None
    charges: tuple[Charge, ...] = ()
    cost_usd: Decimal | None = None
    list_cost_usd: Decimal | None = None
    tokens: dict[str, int] = {}


class _Part(NamedTuple):
    """One reading with its price; `sure` is False where the price is that of another model's name."""

    reading: Reading
    quote: Quote | None
    sure: bool
    lines: tuple[Charge, ...]


def draw(book: PriceBook, call: Call) -> Invoice:
    """The invoice of an attempt. A failed or free one costs nothing, an unknown one has no cost."""
    if call.pending:
        return Invoice(status=CostStatus.PENDING)
    if call.free or not call.served:
        return Invoice(status=CostStatus.NOT_BILLED, cost_usd=ZERO, list_cost_usd=ZERO, tokens=_tokens(_usage(call)))
    parts = [_part(book, call, reading) for reading in _readings(book, call)]
    lines = tuple(line for part in parts for line in part.lines)
    listed = _sum(lines) if parts else None
    quote = parts[0].quote if parts else None
    invoice = Invoice(
        status=_status(call, parts, listed),
        model=quote.model if quote else None,
        version=quote.version if quote else None,
        charges=lines,
        cost_usd=listed,
        list_cost_usd=listed,
        tokens=_tokens([part.reading for part in parts]),
    )
    return _settled(call, invoice, _reported(book, call))


def _settled(call: Call, invoice: Invoice, reported: Decimal | None) -> Invoice:
    """Where somebody else decides what is paid, the charges say so, and their sum is what is paid."""
    if (call.billing or call.provider.billing) is not Billing.METERED or call.tier == "provisioned":
        return structs.replace(invoice, status=CostStatus.NOT_BILLED, charges=(), cost_usd=ZERO)
    if reported is None or not call.complete:
        return invoice
    known = sum((line.amount_usd for line in invoice.charges if line.amount_usd is not None), ZERO)
    adjustment = Charge("adjustment", Decimal(1), reported - known, 1, reported - known)
    lines = invoice.charges if reported == known else (*invoice.charges, adjustment)
    return structs.replace(invoice, status=CostStatus.PROVIDER_REPORTED, charges=lines, cost_usd=reported)


def _usage(call: Call) -> list[Reading]:
    model = call.models[0] if call.models else None
    return read(call.dialect, call.usage, model) if call.usage is not None else []


def _readings(book: PriceBook, call: Call) -> list[Reading]:
    """What was used: the usage told, the fees beside it, and an estimate for what is missing."""
    told = _in_usd(book, call, _usage(call)) if call.dialect.currency else _usage(call)
    if call.opening:
        told = [Reading(_only(r.quantities, Side.INPUT), r.model) for r in told]
    beside = {unit: n for unit, n in call.fees.items() if n}
    if call.estimate and not told:
        beside |= call.estimate
    elif call.estimate and call.opening:
        beside |= _only(call.estimate, Side.OUTPUT)
    asked = {unit: n for unit, n in call.asked.items() if n}
    if not told:
        return [Reading(asked | beside)] if asked or beside else []
    main = told[0]
    return [Reading(asked | main.quantities | beside, main.model, main.mismatch), *told[1:]]


def _in_usd(book: PriceBook, call: Call, told: list[Reading]) -> list[Reading]:
    """Payments in any currency as USD; none where it is not known what the currency is worth."""
    usd = money.worth(book, call.usage or {}, call.dialect.currency, call.at, minor=True)
    if usd is None:
        return []
    volumes = [r.quantities.get("payment_volume", 0) * usd for r in told]
    return [
        r._replace(quantities=r.quantities | {"payment_volume": volume}) if volume else r
        for r, volume in zip(told, volumes, strict=True)
    ]


def _only(quantities: Quantities, side: Side) -> Quantities:
    return {unit: n for unit, n in quantities.items() if UNITS[unit].side is side}


def _part(book: PriceBook, call: Call, reading: Reading) -> _Part:
    terms = Terms(
        at=call.at,
        input_tokens=total(reading.quantities, Side.INPUT),
        service_tier=None if call.tier == "batch" else call.tier,
        batch=call.tier == "batch",
        region=call.region,
        variant=call.variant,
    )
    names = (reading.model,) if reading.model else call.models
    for name in names:
        if quote := book.quote(call.provider, name, terms):
            sure = names[0].lower() in name.lower()
            return _Part(reading, quote, sure, charges(quote, billed(quote, reading.quantities)))
    return _Part(reading, None, sure=True, lines=charges(None, reading.quantities))


def billed(quote: Quote | None, quantities: Quantities) -> Quantities:
    """What the price list charges for: a fee a call where it has one, and audio by the second or by the token."""
    rates = quote.rates if quote else {}
    if "request" in rates:
        quantities = quantities | {"request": 1}
    if quote is not None and "audio_second" in rates and "audio_second" in quantities:
        return _heard(quote, quantities)
    if quote is None or MEASURED_TWICE.isdisjoint(quantities):
        return quantities
    again = _told_otherwise({unit for unit in quantities if quote.price(unit).rate is not None})
    return {unit: n for unit, n in quantities.items() if unit not in again}


def _heard(quote: Quote, quantities: Quantities) -> Quantities:
    """Sound by the token where it has such a price, else by the second, and beside it the text that has a price."""
    tokens = {unit for unit in quantities if UNITS[unit].side is not Side.FEE}
    if tokens and "input_audio" in quote.rates:
        return {unit: n for unit, n in quantities.items() if unit != "audio_second"}
    again = {unit for unit in tokens if unit == "input_audio" or quote.price(unit).rate is None}
    return {unit: n for unit, n in quantities.items() if unit not in again}


def _told_otherwise(priced: set[str]) -> set[str]:
    """The units that measure again what the priced ones measure."""
    again = set(SEARCHES - priced) if priced & SEARCHES else set()
    sides = {UNITS[unit].side for unit in priced}
    if Side.OUTPUT in sides:
        return again | PIECES
    return again | (PIECES - priced) if priced & PIECES or Side.INPUT in sides else again


def _status(call: Call, parts: list[_Part], listed: Decimal | None) -> CostStatus:
    if listed is None:
        return CostStatus.UNPRICED
    unknown_fee = any(line.amount_usd is None for part in parts for line in part.lines)
    if unknown_fee or (not call.complete and (call.cut or not call.estimate)):
        return CostStatus.PARTIAL
    sure = all(p.sure and not p.reading.mismatch and not is_estimate(p.quote, p.reading.quantities) for p in parts)
    sure = sure and not call.dialect.provisional
    return CostStatus.EXACT if sure and call.complete else CostStatus.ESTIMATED


def _sum(lines: tuple[Charge, ...]) -> Decimal | None:
    """What the charges add up to; None where tokens, or all there is, have no price: a fee without one is left out."""
    known = [line.amount_usd for line in lines if line.amount_usd is not None]
    unknown = [line for line in lines if line.amount_usd is None]
    if unknown and (not known or any(UNITS[line.unit].side is not Side.FEE for line in unknown)):
        return None
    return sum(known, ZERO)


def _reported(book: PriceBook, call: Call) -> Decimal | None:
    rule, bill = call.provider.reported_cost, call.dialect.bill
    if call.usage and bill is not None:
        return money.billed(book, call.usage, bill, call.at)
    if rule is None or not call.usage:
        return None
    told = number(call.usage, rule.field)
    if told is not None and rule.byok and call.usage.get("is_byok") is True:
        upstream = number(call.usage, rule.byok)
        told = None if upstream is None else told + upstream
    return None if told is None else Decimal(told) / rule.per_usd


def _tokens(readings: list[Reading]) -> dict[str, int]:
    """The totals that the columns of an event want; empty where nothing is known."""
    if not readings:
        return {}
    counted = dict.fromkeys(_TOTALS, 0)
    for reading in readings:
        for unit, n in reading.quantities.items() if not reading.beside else ():
            for column in _COUNTED_IN[unit]:
                counted[column] += int(n)
    return counted

"""The costs of a stored row by the prices of today; it asks no database and writes nothing."""

from decimal import Decimal

from msgspec.structs import replace

from llmobs.event import Charge, CostStatus, Event
from llmobs.invoice import Invoice, draw
from llmobs.pricing import PriceBook
from llmobs.pricing.rate import USD_STEP
from scripts.reprice_parts.rebuilt import Origin, origin, rebuilt

# Quantities are stored to six decimals, so that an amount may differ from the former one by as little.
_ROUNDING = Decimal("1e-6")
_TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


def renewed(book: PriceBook, row: Event) -> Event | None:
    """The row with its costs anew, or as it is where they are the same; None where prices do not decide its cost."""
    at = origin(book, row)
    call = rebuilt(row, at) if at else None
    if at is None or call is None:
        return None
    invoice = draw(book, call)
    reported = CostStatus.PROVIDER_REPORTED
    if row.cost_status is reported and (invoice.status is not reported or _was_listed(row, invoice)):
        return None
    found = _row(row, at, invoice)
    return row if _same(row, found) else found


def _was_listed(row: Event, invoice: Invoice) -> bool:
    """Whether a list price is known that this answer does not tell: an earlier one about the same work did."""
    return row.list_cost_usd is not None and invoice.list_cost_usd is None


def _row(row: Event, at: Origin, invoice: Invoice) -> Event:
    operation = (at.route.operation if at.route else None) or at.dialect.operation or None
    tokens = invoice.tokens.get
    return replace(
        row,
        operation=row.operation or operation,
        model=invoice.model,
        charges=invoice.charges,
        cost_usd=invoice.cost_usd,
        list_cost_usd=invoice.list_cost_usd,
        cost_status=invoice.status,
        price_version=invoice.version,
        input_tokens=tokens("input_tokens"),
        cached_input_tokens=tokens("cached_input_tokens"),
        cache_write_tokens=tokens("cache_write_tokens"),
        output_tokens=tokens("output_tokens"),
        reasoning_tokens=tokens("reasoning_tokens"),
    )


def _same(old: Event, new: Event) -> bool:
    names = ("operation", "model", "cost_status", "price_version", *_TOKENS)
    return (
        all(getattr(old, name) == getattr(new, name) for name in names)
        and _close(old.cost_usd, new.cost_usd)
        and _close(old.list_cost_usd, new.list_cost_usd)
        and len(old.charges) == len(new.charges)
        and all(_alike(*pair) for pair in zip(old.charges, new.charges, strict=True))
    )


def _alike(old: Charge, new: Charge) -> bool:
    return old.unit == new.unit and _close(old.quantity, new.quantity) and _close(old.rate_usd, new.rate_usd)


def _close(old: Decimal | None, new: Decimal | None) -> bool:
    if old is None or new is None:
        return old is new
    return abs(old - new) <= max(abs(old), abs(new)) * _ROUNDING + USD_STEP

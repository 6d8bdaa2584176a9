"""Amounts in any currency as USD of a day; it does not know what they were paid for."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from llmobs.dialect import Bill, Json, visit
from llmobs.pricing import PriceBook

# Smallest units that are no hundredths. Source: the list of currencies in Stripe's documentation.
_WHOLE = re.compile("bif|clp|djf|gnf|jpy|kmf|krw|mga|pyg|rwf|ugx|vnd|vuv|xaf|xof|xpf")
_THOUSANDTHS = re.compile("bhd|jod|kwd|omr|tnd")


def worth(
    book: PriceBook, usage: Mapping[str, Json], currency: tuple[str, ...], at: datetime, *, minor: bool
) -> Decimal | None:
    """USD for one of the currency that is named at the first path, or of its smallest unit; no path means USD."""
    code = next((str(found).casefold() for path in currency for found in visit(usage, path)), "usd")
    usd = book.usd(code, at)
    return None if usd is None else usd / (_smallest(code) if minor else 1)


def billed(book: PriceBook, usage: Mapping[str, Json], bill: Bill, at: datetime) -> Decimal | None:
    """What a bill says was charged, in USD; None where it says nothing yet."""
    told = next((found for path in bill.amount for found in visit(usage, path)), None)
    try:
        amount = abs(Decimal(str(told)))
    except ArithmeticError:
        return None
    usd = worth(book, usage, bill.currency, at, minor=bill.minor)
    return None if usd is None or not amount.is_finite() else amount * usd


def _smallest(code: str) -> int:
    if _WHOLE.fullmatch(code):
        return 1
    return 1000 if _THOUSANDTHS.fullmatch(code) else 100

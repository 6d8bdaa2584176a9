"""Texts of a price file as values; each reader says what to write where the text is wrong. It knows no other text."""

import re
from collections.abc import Iterable
from decimal import Decimal

from llmobs.config.value import number, plain, shown, text, wrong
from llmobs.units import MILLION, THOUSAND, UNITS

# By what a rate counts for: smaller than the first was surely given per single piece, larger than the second was
# multiplied once too often. The cheapest listed token price is 0.005 USD per million, the dearest 600.
_PLAUSIBLE = {MILLION: (Decimal("0.0005"), Decimal(10_000)), THOUSAND: (Decimal("0.02"), Decimal(10_000))}
_LARGEST_MULTIPLIER = Decimal(10)
# One Kuwaiti dinar, the dearest of all, is worth 3.3 USD.
_DEAREST_CURRENCY = Decimal(10)
# What a key of one kind begins with has four characters at least: sk-x.
_SHORTEST_KEY_PATTERN = 4
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = "|".join(_WEEKDAYS)


def rate(value: object, unit: str) -> Decimal:
    """USD for the unit's `per`, of a believable size."""
    found, per = number(value), UNITS[unit].per
    low, high = _PLAUSIBLE.get(per, (Decimal(0), None))
    if 0 < found < low:
        raise wrong(f"{value} USD looks like a price for one, not for {per:,}", f"write {plain(found * per)}")
    if high is not None and found > high:
        raise wrong(
            f"{value} USD for {per:,} is more than any known price", f"write {plain(found / per)} if that was meant"
        )
    return found


def multiplier(value: object) -> Decimal:
    """A factor on the token rates."""
    found = number(value)
    if found == 0:
        raise wrong("0 would make every token free", "write the rates as 0 instead")
    if found > _LARGEST_MULTIPLIER:
        raise wrong(f"{value} is too large for a factor", f"write {plain(found / 100)} if that was a percentage")
    return found


def positive(value: object) -> Decimal:
    """A number greater than 0."""
    found = number(value)
    if found == 0:
        raise wrong("must be greater than 0", "write how many of the reported amount make 1 USD")
    return found


def worth(value: object) -> Decimal:
    """USD for one of a currency."""
    found = number(value)
    if found == 0:
        raise wrong("0 would make everything free", "write how many USD one of the currency is worth")
    if found > _DEAREST_CURRENCY:
        other_way = plain(round(1 / found, 6))
        raise wrong(f"{value} USD is more than one of any currency is worth", f"write {other_way} if that was meant")
    return found


def currency(value: object) -> str:
    """A currency by the three letters of ISO 4217, in small letters."""
    if isinstance(value, str) and re.fullmatch(r"[a-z]{3}", value) and value != "usd":
        return value
    what, fix = "is not a currency", "write its three small letters, such as eur"
    if value == "usd":
        what, fix = "is what every rate is in", "take it out"
    raise wrong(f"{shown(value)} {what}", fix)


def key_pattern(value: object) -> str:
    """A pattern of credentials, which has enough letters to mean one kind of them."""
    found = text(value)
    if len(re.sub(r"[*?]", "", found)) < _SHORTEST_KEY_PATTERN:
        raise wrong(f"{found!r} would take other keys too", "write how such keys begin, as in sk-ant-oat*")
    return found


def refusal(value: object) -> str:
    """A status or a word of a refusal that a provider bills; nobody bills its own failure."""
    found = text(value)
    if found.isdecimal() and (found == "429" or not re.fullmatch(r"4\d\d", found)):
        raise wrong(f"{found} is never billed", "write a status from 400 to 499 but 429, or an error code")
    if not re.fullmatch(r"[\w.:/-]{1,64}", found):
        raise wrong(f"{found!r} is no error code", "write it as the provider does, such as content_filter")
    return found


def whole(value: object) -> int:
    """A whole number of tokens greater than 0."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]+", value) and int(value) > 0:
        return int(value)
    raise wrong(f"{shown(value)} is not a whole number of tokens", "write digits only, such as 200000")


def hours(value: object) -> tuple[int, int]:
    """A window such as 16:30-00:30 as minutes of the UTC day; it may run over midnight, its end is outside."""
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", value) if isinstance(value, str) else None
    if found is not None:
        first, last = _minute(found[1], found[2]), _minute(found[3], found[4])
        if first is not None and last is not None and first < 1440 and first != last % 1440:
            return first, last % 1440
    raise wrong(f"{shown(value)} is not a window of UTC hours", 'write two different times such as "16:30-00:30"')


def days(value: object) -> frozenset[int]:
    """Weekdays such as mon-fri or sat,sun, Monday is 0; a range may run over the end of the week."""
    parts = value.casefold().split(",") if isinstance(value, str) else [""]
    found = [re.fullmatch(rf"({_WEEKDAY})(?:-({_WEEKDAY}))?", part.strip()) for part in parts]
    whole = frozenset(day for match in found if match for day in _from_to(match[1], match[2] or match[1]))
    if all(found) and len(whole) < len(_WEEKDAYS):
        return whole
    fix = "leave the key out" if all(found) else 'write days such as mon-fri, or "sat,sun" between quotes'
    raise wrong(f"{shown(value)} {'is every day' if all(found) else 'is not a list of weekdays'}", fix)


def tier(value: object) -> str:
    """A service tier as it is compared, in small letters."""
    found = text(value).casefold()
    if found == "batch":
        raise wrong("batch is a condition of its own", "write batch: true")
    return found


def _from_to(first: str, last: str) -> Iterable[int]:
    start, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last)
    return (day % 7 for day in range(start, end + (7 if end < start else 0) + 1))


def _minute(hour: str, minute: str) -> int | None:
    found = int(hour) * 60 + int(minute)
    return found if int(minute) < 60 and found <= 1440 else None

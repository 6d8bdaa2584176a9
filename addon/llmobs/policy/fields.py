"""The values of a policy file as pydantic types whose errors say what to write; it does not know the rules."""

import re
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PlainValidator

from llmobs.config import value as plain
from llmobs.config.problem import did_you_mean
from llmobs.config.value import wrong
from llmobs.identity import is_key_id
from llmobs.policy.address import Address, expanded, is_address, works
from llmobs.policy.scope import TAG, WORDS, known
from llmobs.policy.window import Period

# Twenty times a limit is no share that somebody means.
_HIGHEST_SHARE = 10
_NAMED = re.compile(r"[\w.@ -]{1,64}")
_AS_APPRISE = (
    "write a URL as Apprise's documentation shows for the service, or ${VARIABLE} where the environment has it; "
    "a password in it must be percent-encoded (%40 for @), in the variable, too"
)


def _word(value: object) -> str:
    """A word that `where` and `by` may use."""
    if isinstance(value, str) and known(value):
        return value
    raise wrong(f"{plain.shown(value)} is not known here", did_you_mean(str(value), [*WORDS, f"{TAG}NAME"]))


def _name(value: object) -> str:
    """What a rule is called, in logs and in rows."""
    name = plain.text(value)
    if _NAMED.fullmatch(name):
        return name
    raise wrong(f"{plain.shown(name)} is no name", "write up to 64 letters, digits, spaces, or any of . _ - @")


def _key_id(value: object) -> str:
    """What rows call a key; somebody may write the key itself, so that nothing of it may show up in an error."""
    if isinstance(value, str) and is_key_id(value.strip()):
        return value.strip()
    raise wrong("is no id of a key", "write the api_key_id of the table events, such as 0123456789ab...wxyz")


def _period(value: object) -> Period:
    return Period(plain.one_of(value, Period))


def _zone(value: object) -> ZoneInfo:
    name = plain.text(value)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong(f"{plain.shown(name)} is no time zone", "write one such as UTC or Europe/Berlin") from None


def _share(value: object) -> Decimal:
    """A part of a limit."""
    share = plain.number(value)
    if 0 < share <= _HIGHEST_SHARE:
        return share
    raise wrong(f"{value} is no share of the limit", "write 0.8 for 80 %, and 1 for all of it")


def _address(value: object) -> Address:
    """Where a notification goes; nothing of it may show up in an error."""
    url = _expanded(plain.text(value))
    if is_address(url) and works(url):
        return Address(url)
    raise wrong("is no address that Apprise knows", _AS_APPRISE)


def _recipient(value: object) -> Address | str:
    """An address, or the name of some."""
    text = plain.text(value)
    return text if _NAMED.fullmatch(text) else _address(text)


def _expanded(text: str) -> str:
    try:
        return expanded(text)
    except KeyError as missing:
        name = str(missing.args[0])
        raise wrong(f"the environment has no variable {name}", f"export {name} before the start") from None


Text = Annotated[str, PlainValidator(plain.text)]
Flag = Annotated[bool, PlainValidator(plain.flag)]
Word = Annotated[str, PlainValidator(_word)]
Name = Annotated[str, PlainValidator(_name)]
KeyId = Annotated[str, PlainValidator(_key_id)]
Usd = Annotated[Decimal, PlainValidator(plain.number)]
Share = Annotated[Decimal, PlainValidator(_share)]
When = Annotated[Period, PlainValidator(_period)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone)]
To = Annotated[Address, PlainValidator(_address)]
Recipient = Annotated[Address | str, PlainValidator(_recipient)]

"""Personal data in texts: what has a shape and a checksum. Names and addresses have none, and stay.

Telephone numbers are checked by phonenumbers (Google's libphonenumber), card and account numbers and national ids by
python-stdnum. In doubt a number goes.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator

import phonenumbers
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.us import ssn

from llmobs.content.scrub import Span

# Countries whose numbers are known without their code; each costs a look at every number of a text.
REGIONS = ("US", "GB", "DE", "FR", "BR", "IN", "AU")
# The shortest account numbers have 15 characters.
_IBAN_CHARS = 15
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[^\W\d_]{2,24}")
# With its country's code, in groups, or ten digits of North America; no date is one.
_PHONE = re.compile(
    r"(?<![\w.+-])(?!\d{4}-\d\d?-\d\d?\b|\d\d?[./]\d\d?[./]\d{4}\b)"
    r"(?:\+\d(?:[ ()./-]{0,2}\d){6,14}|\(?\d{2,5}\)?(?:[ ./-]{1,2}\d{2,8}){1,4}|\d{10,11})(?!\w)"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,40}")


def _is_phone(text: str) -> bool:
    """An international number that may exist, or one that does in one of some countries; digits alone prove little."""
    if text.startswith("+"):
        return _valid(text, None)
    return any(_valid(text, region) for region in (REGIONS[:1] if text.isdigit() else REGIONS))


def _valid(text: str, region: str | None) -> bool:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number) if region else phonenumbers.is_possible_number(number)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "." in text or any(sign.isdigit() for sign in text)


# label, how it looks, what tells that it is one
_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("EMAIL", _EMAIL, bool),
    ("CARD", re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)"), lambda text: luhn.is_valid(re.sub(r"\D", "", text))),
    ("SSN", re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])"), lambda text: ssn.is_valid(_digits(text))),
    ("CPF", re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)"), cpf.is_valid),
    ("NIR", re.compile(r"(?<!\d)[12](?: ?\d){4} ?\d[\dAB](?: ?\d){8}(?!\d)"), nir.is_valid),
    ("CODICE_FISCALE", re.compile(r"\b[A-Za-z]{6}\w{2}[A-Za-z]\w{2}[A-Za-z]\w{3}[A-Za-z]\b"), codicefiscale.is_valid),
    ("IP", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"), _is_address),
    (
        "IP",
        re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,34}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])"),
        _is_address,
    ),
    ("PHONE", _PHONE, _is_phone),
)


def personal(text: str) -> Iterator[Span]:
    """Personal data of every kind that is known here."""
    for label, pattern, really in _KINDS:
        for match in pattern.finditer(text):
            if really(match[0]):
                yield Span(*match.span(), label)
    for match in _IBAN.finditer(text):
        if (length := _iban_chars(match[0])) > 0:
            yield Span(match.start(), match.start() + length, "IBAN")


def _iban_chars(text: str) -> int:
    """How much of a text is an account number: words may follow that look like parts of it."""
    ends = range(len(text), _IBAN_CHARS - 1, -1)
    return next((end for end in ends if text[end - 1].isalnum() and iban.is_valid(text[:end])), 0)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)

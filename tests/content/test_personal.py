"""Personal data in texts: what is found, and what is left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmobs.content.personal import personal
from llmobs.content.scrub import scrub

FOUND = {
    "EMAIL": ["ann@example.com", "ann.o'neil+x@mail.example.co.uk", "user@internal.corp", "jürgen@müller.de"],
    "PHONE": ["+1 415-555-2671", "(415) 555-2671", "415.555.2671", "4155552671", "+49 30 901820", "030 901820"],
    "CARD": ["4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB33BUKB20201555555555"],
    "SSN": ["536-90-4399", "536 90 4399"],
    "CPF": ["390.533.447-05"],
    "NIR": ["2 95 10 99 126 111 93"],
    "CODICE_FISCALE": ["RCCMNL83S18D969H"],
    "IP": ["192.168.2.17", "2001:db8::1", "::1", "fe80::1:2:3"],
}
LEFT = [
    "2026-11-20 12:30:01",
    "20.11.2026",
    "version 1.2.3",
    "0.123456789",
    "1763654400",
    "order 20261120123456",
    "std::vector and a::b",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01 is none",
    "000-12-3456",
    "@home, at @ 5",
    "Ann Smith",
    "999.999.999.999",
    "+123",
    "12:30",
    "ABCDEF00A00A000A",
]


@pytest.mark.parametrize(("label", "text"), [(label, text) for label, texts in FOUND.items() for text in texts])
def test_found(label: str, text: str) -> None:
    """Each kind goes wherever it stands in a sentence."""
    assert scrub(f"It is {text}, he said", [personal]) == f"It is [{label}], he said"


@pytest.mark.parametrize("text", LEFT)
def test_left_alone(text: str) -> None:
    """What has another meaning, or a wrong checksum, stays; so do names."""
    assert scrub(f"It is {text}, he said", [personal]) == f"It is {text}, he said"


def test_words_behind_an_account_number() -> None:
    """Words that look like parts of an account number do not hide it."""
    assert scrub("DE89 3704 0044 0532 0130 00 AND MORE", [personal]) == "[IBAN] AND MORE"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """No text makes it fail, and a second look finds nothing more."""
    kept = scrub(text, [personal])

    assert scrub(kept, [personal]) == kept

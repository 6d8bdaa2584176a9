from collections.abc import Mapping
from decimal import Decimal

import pytest

from llmobs.dialect import Asked, Measure
from llmobs.request import Request

FORM = (
    b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-image-1\r\n'
    b'--x\r\nContent-Disposition: form-data; name="n"\r\nContent-Type: text/plain\r\n\r\n3\r\n'
    b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n\x89PNG\r\n--x--\r\n'
)


def test_members_are_found_by_path() -> None:
    """A path leads into a JSON body, and to a parameter of the query where the body has none of that name."""

    request = Request(b'{"a":{"b":[{"c":1}]},"n":null}', {"n": "2", "model": "m"})

    assert request.find("a.b[].c") == 1
    assert request.find("n") == "2"
    assert request.find("model") == "m"
    assert request.find("missing.x") is None


@pytest.mark.parametrize("body", [b"", b"[1]", b"\x00\x01", b"{", b"plain words"])
def test_a_body_of_another_kind_has_no_members(body: bytes) -> None:
    """Whatever is neither an object nor a form answers every question with nothing."""

    assert Request(body, {}).find("model") is None


def test_forms_are_read() -> None:
    """Fields of a multipart form and of an encoded one are members; a file is none."""

    form = Request(FORM, {})
    encoded = Request(b"amount=100&currency=usd", {})

    assert (form.find("model"), form.find("image")) == ("gpt-image-1", None)
    assert form.quantity(Asked("image", ("n",), default=1)) == 3
    assert encoded.text(("missing", "currency")) == "usd"


@pytest.mark.parametrize(
    ("body", "measure", "quantity"),
    [
        (b'{"q":2}', Measure.NUMBER, 2),
        (b'{"q":2.5}', Measure.NUMBER, Decimal("2.5")),
        (b'{"q":"8"}', Measure.NUMBER, 8),
        (b'{"q":true}', Measure.NUMBER, 7),
        (b'{"q":"many"}', Measure.NUMBER, 7),
        (b'{"q":-1}', Measure.NUMBER, 7),
        (b"{}", Measure.NUMBER, 7),
        ('{"q":"grün"}'.encode(), Measure.CHARACTERS, 4),
        (b'{"q":["ab","c",1]}', Measure.CHARACTERS, 3),
        (b'{"q":1}', Measure.CHARACTERS, 7),
        (b'{"q":[1,2,3]}', Measure.ITEMS, 3),
        (b'{"q":"abc"}', Measure.ITEMS, 7),
    ],
)
def test_quantities(body: bytes, measure: Measure, quantity: object) -> None:
    """A quantity is a number, a length or a count; what can't be one leaves the default."""

    assert Request(body, {}).quantity(Asked("u", ("other", "q"), measure, default=7)) == quantity


def test_texts() -> None:
    """A whole number serves as text, a list does not."""

    request = Request(b'{"size":1024,"list":[1]}', {})

    assert request.text(("list", "size")) == "1024"
    assert request.text(("list",)) is None


@pytest.mark.parametrize(
    ("body", "usage", "quantity"),
    [
        (b'{"ttl":"1800s"}', {"tokens": 10}, 5),
        (b'{"ttl":7200}', {}, 2),
        (b'{"ttl":7200,"tokens":3}', {"tokens": 10}, 6),
        (b'{"ttl":"soon"}', {"tokens": 10}, 10),
        (b"{}", None, 1),
    ],
)
def test_times(body: bytes, usage: Mapping[str, object] | None, quantity: object) -> None:
    """A time counts as hours; a number of the request, or else of the usage object, multiplies it."""

    asked = Asked("cache_storage", ("ttl",), Measure.HOURS, default=1, times=("tokens",))

    assert Request(body, {}).quantity(asked, usage) == quantity


@pytest.mark.parametrize(("body", "quantity"), [(b'{"depth":"deep"}', 2), (b'{"depth":"flat"}', 1), (b"{}", 1)])
def test_words(body: bytes, quantity: int) -> None:
    """Some words stand for a number; any other leaves the default."""

    assert Request(body, {}).quantity(Asked("credit", ("depth",), words={"deep": 2}, default=1)) == quantity

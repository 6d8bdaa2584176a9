"""Whole bodies, however they are cut."""

import pytest

from llmobs.wire.errors import WireError
from llmobs.wire.whole import Whole
from tests.cuts import growth, however_cut, messages


@pytest.mark.parametrize("body", [b'{\n "a": [1,\n2]}\n', b"<html>", b"\x00\xff"])
def test_body_is_one_message(body: bytes) -> None:
    """A body is one message at its end, byte for byte."""

    assert however_cut(body, lambda pieces: messages(Whole(), pieces)) == [body]


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_blank_body(body: bytes) -> None:
    """A body of blanks is no message."""

    assert however_cut(body, lambda pieces: messages(Whole(), pieces)) == []


def test_bound() -> None:
    """A body beyond the bound is one error and no message."""

    assert however_cut(b"x" * 10, lambda pieces: messages(Whole(10), pieces)) == [b"x" * 10]
    assert however_cut(b"x" * 11, lambda pieces: messages(Whole(10), pieces)) == [b"WireError"]


def test_error_is_raised_once() -> None:
    """After its error the parser gives nothing more."""

    parser = Whole(1)
    with pytest.raises(WireError, match="a body of more than 1 bytes"):
        parser.feed(b"xx")
    assert (parser.feed(b"x"), parser.close()) == ([], [])


def test_large_body_is_linear() -> None:
    """A body in small pieces takes time in proportion to its size; larger ones would measure the machine's caches."""

    def run(size: int) -> None:
        parser = Whole()
        for _ in range(size // 64):
            parser.feed(b"x" * 64)
        assert len(parser.close()[0]) == size

    assert growth(run, 1024 * 1024) < 12

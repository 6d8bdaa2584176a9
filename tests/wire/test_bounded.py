"""Bytes that are kept up to a limit."""

from llmobs.wire.bounded import Bounded


def test_all_that_fits() -> None:
    """What fits is kept, and is whole."""
    kept = Bounded(4)
    for part in (b"ab", b"", b"cd"):
        kept(part)

    assert (bytes(kept.data), kept.whole) == (b"abcd", True)


def test_more_than_fits() -> None:
    """What is beyond the limit is passed over, and told."""
    kept = Bounded(3)
    for part in (b"ab", b"cd", b"e"):
        kept(part)

    assert (bytes(kept.data), kept.whole) == (b"abc", False)

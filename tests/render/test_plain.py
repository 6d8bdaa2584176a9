"""Text from traffic cannot move the cursor, hide or reorder other text."""

import pytest

from llmobs.render import plain


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("gpt-4o", "gpt-4o"),
        ("Zoë 東京 👍", "Zoë 東京 👍"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\x9b2Jb\x00", "a\\x9b2Jb\\x00"),
        ("a\u202eb\u200b", "a\\u202eb\\u200b"),
        ("a\nb", "a\\x0ab"),
        ("\ud800", "\\ud800"),
    ],
)
def test_plain(text: str, safe: str) -> None:
    """Letters of every script stay; control and format characters and lone surrogates become their numbers."""
    assert plain(text) == safe


def test_lines() -> None:
    """Line ends stay where they are wanted, and only they."""
    assert plain("a\nb\r\n", lines=True) == "a\nb\\x0d\n"

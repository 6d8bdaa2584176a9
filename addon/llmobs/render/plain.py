"""Makes text from traffic safe to print; it does not know what the text says."""

import unicodedata

# Control, format (such as the marks that turn the writing direction), surrogate, private and unassigned characters.
_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def plain(text: str, *, lines: bool = False) -> str:
    """The text with every character that could move the cursor, hide or reorder text written as its code point.

    lines: line ends stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if _safe(letter, lines=lines) else _named(letter) for letter in text)


def _safe(letter: str, *, lines: bool) -> bool:
    return (lines and letter == "\n") or unicodedata.category(letter) not in _UNSAFE


def _named(letter: str) -> str:
    return f"\\x{ord(letter):02x}" if ord(letter) < 0x100 else f"\\u{ord(letter):04x}"

"""What a check found, and what to do about it; it does not know the checks."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether something has to be done."""

    FINE = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is wrong."""

    subject: str
    verdict: Verdict
    found: str
    fix: str = ""


def fine(subject: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(subject, Verdict.FINE, found)


def note(subject: str, found: str, fix: str = "") -> Finding:
    """Worth knowing."""
    return Finding(subject, Verdict.NOTE, found, fix)


def wrong(subject: str, found: str, fix: str) -> Finding:
    """This keeps calls from being seen."""
    return Finding(subject, Verdict.WRONG, found, fix)

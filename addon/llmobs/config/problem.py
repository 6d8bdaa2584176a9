"""What is wrong in a file, said with its place and its correction; it does not know what the file is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

# Where a value stands in the tree: keys of mappings and positions in lists, from the top.
type KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct: `text` says what is wrong and, after a semicolon, what to write instead.

    `shown` stands for a path that may hold a secret, and only finds the line.
    """

    path: KeyPath
    text: str
    line: int = 0
    shown: KeyPath | None = None


class ConfigError(ValueError):
    """A file that cannot be used; its text has one problem a line, each as file:line: key: what is wrong; the fix."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def dotted(path: KeyPath) -> str:
    """A key path as people write it: `providers.openai.models.gpt-4o[1].input`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown word: the closest known one, else all of them where they are few."""
    words = sorted(known)
    close = get_close_matches(wrong.casefold(), words, 1, 0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"write one of {', '.join(words)}" if 0 < len(words) <= 40 else "pricing.yaml has all names"

"""A policy file to its rules; what is wrong with it is raised together, each with its line and what to write."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from llmobs.config import ConfigError, Problem, read, validated
from llmobs.policy.links import problems as linked
from llmobs.policy.schema import PolicyFile
from llmobs.pricing import PriceBook

type Policies = PolicyFile


def load(path: Path, known: Mapping[str, object] | None = None) -> Policies:
    """Read a policy file; raises ConfigError with a line `file:line: key: what; what to write` for each mistake.

    `known` is what rules are checked against: `book`, the prices, which know every host and provider.
    """
    document = read(path)
    file, problems = validated(document, PolicyFile, known)
    found = [*document.problems, *problems, *linked(file, _providers(known))]
    if lines := document.worded([_discreet(problem) for problem in found]):
        raise ConfigError(lines)
    return file


def _providers(known: Mapping[str, object] | None) -> Collection[str]:
    book = (known or {}).get("book")
    return book.providers if isinstance(book, PriceBook) else ()


def _discreet(problem: Problem) -> Problem:
    """What stands under `keys` may be a key, and is not shown."""
    return replace(problem, shown=("keys",)) if problem.path[:1] == ("keys",) else problem

"""What only the whole of a policy file tells to be wrong: names that stand twice, or for nothing.

It does not know the lines of the file.
"""

from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase

from llmobs.config import KeyPath, Problem, did_you_mean
from llmobs.policy.budget_schema import Budget, RateLimit
from llmobs.policy.schema import PolicyFile


def problems(file: PolicyFile, providers: Collection[str] = ()) -> Iterator[Problem]:
    """Each mistake with its place; `providers` are those of the price book, where it is known."""
    yield from _twice("budgets", (rule.name for rule in file.budgets))
    yield from _twice("rate_limits", (rule.name for rule in file.rate_limits))
    for place, budget in enumerate(file.budgets):
        yield from _unknown(("budgets", place, "notify"), budget, file)
    for place, limit in enumerate(file.rate_limits):
        yield from _empty(("rate_limits", place), limit)
    for path, pattern in _patterns(file) if providers else ():
        yield from _nowhere(path, pattern, providers)


def _patterns(file: PolicyFile) -> Iterator[tuple[KeyPath, str]]:
    """What each rule wants the provider to be, with its place."""
    for section, value in file:
        rows = enumerate(value) if isinstance(value, list) else [(None, value)]
        for place, row in rows:
            where: dict[str, str] = getattr(row, "where", {})
            if "provider" in where:
                step = () if place is None else (place,)
                yield (section, *step, "where", "provider"), where["provider"]


def _nowhere(path: KeyPath, pattern: str, providers: Collection[str]) -> Iterator[Problem]:
    if not any(fnmatchcase(name, pattern) for name in providers):
        yield Problem(path, f"{pattern!r} fits no provider of the price file; {did_you_mean(pattern, providers)}")


def _twice(section: str, names: Iterable[str]) -> Iterator[Problem]:
    seen = set[str]()
    for place, name in enumerate(names):
        if name in seen:
            yield Problem((section, place, "name"), f"{name!r} stands twice; give each its own name")
        seen.add(name)


def _unknown(path: KeyPath, budget: Budget, file: PolicyFile) -> Iterator[Problem]:
    for place, to in enumerate(budget.notify):
        if isinstance(to, str) and to not in file.notify:
            known = did_you_mean(to, file.notify) if file.notify else "write an Apprise URL, or add it under notify"
            yield Problem((*path, place), f"is no name of notify; {known}")


def _empty(path: KeyPath, limit: RateLimit) -> Iterator[Problem]:
    if limit.requests_per_minute is None and limit.tokens_per_minute is None:
        yield Problem(path, "limits nothing; add requests_per_minute or tokens_per_minute")

"""What a refresh would change, and which hand-made prices the public sources contradict; it writes nothing."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scripts.price_sources import catalog
from scripts.price_sources.book import parse
from scripts.price_sources.fetch import Package, SourceError, packages
from scripts.price_sources.refresh import Changes, refresh


@dataclass(frozen=True, slots=True)
class Difference:
    """What `make prices` would do with a file. `by_hand` is kept as it is, though upstream says otherwise.

    moved: those of `by_hand` that upstream did not say in the versions of the last refresh; None where these versions
    are not to be had.
    """

    versions: dict[str, str]
    refreshed_from: dict[str, str]
    added: list[str]
    changed: list[str]
    gone: list[str]
    by_hand: list[str]
    moved: list[str] | None


def difference(file: Path, sources: Path, pins: Path, today: date) -> Difference:
    """A price file against the packages in a folder; those that it lacks are downloaded into it."""
    text, pinned = file.read_text(encoding="utf-8"), json.loads(pins.read_text())
    found = packages(sources, None, None)
    changes = _changes(text, found, today)
    former = changes if _versions(found) == pinned else _former(text, sources, pinned, today)
    return Difference(
        versions=_versions(found),
        refreshed_from=pinned,
        added=sorted(changes.added),
        changed=sorted(changes.changed),
        gone=sorted(changes.gone),
        by_hand=sorted(changes.by_hand),
        moved=None if former is None else sorted({*changes.by_hand} - {*former.by_hand}),
    )


def _former(text: str, sources: Path, pinned: dict[str, str], today: date) -> Changes | None:
    """What the versions of the last refresh say; None where they are not to be had."""
    try:
        before = packages(sources, pinned["genai-prices"], pinned["litellm"])
    except SourceError:
        return None
    return _changes(text, before, today)


def _changes(text: str, found: tuple[Package, Package], today: date) -> Changes:
    return refresh(parse(text), catalog.read(*found), today)


def _versions(found: tuple[Package, Package]) -> dict[str, str]:
    return {package.name: package.version for package in found}

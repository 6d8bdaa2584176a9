"""What a reader of a reconciliation should know besides its figures; it changes none of them."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from llmobs.render import plural
from scripts.reconciliation.reader import Exports
from scripts.reconciliation.sections import Compared


def about(
    found: Iterable[Compared], exports: Exports, maps: Sequence[dict[str, str]], wanted: Sequence[str]
) -> Iterator[str]:
    """Why a comparison is coarser than asked for, and what it leaves out."""
    for provider in dict.fromkeys(compared.view.provider for compared in found):
        of_one = [compared for compared in found if compared.view.provider == provider]
        if apart(of_one[0], exports):
            yield _apart(of_one[0], exports)
        for compared in of_one:
            yield from _coarser(compared, exports, wanted, mapped=bool(maps))
        if calls := sum(row.doubts.get("subscription", 0) for row in of_one[0].ours):
            yield f"{provider}: {plural(calls, 'call')} under a subscription left out, as no export bills them"
        if jobs := sum(row.doubts.get("pending", 0) for row in of_one[0].ours):
            yield f"{provider}: {plural(jobs, 'job')} not done when last seen, left out"


def apart(compared: Compared, exports: Exports) -> bool:
    """True where the export tells of no day that was asked for."""
    first, last = exports.days[compared.view.provider]
    return compared.last < first or compared.first > last


def _apart(compared: Compared, exports: Exports) -> str:
    first, last = exports.days[compared.view.provider]
    days = f"{first} to {last}" if first < last else f"{first} alone"
    return f"{compared.view.provider}: nothing was compared; the export tells of {days}, outside --since and --until"


def strange_keys(maps: Iterable[dict[str, str]], known: Sequence[str]) -> Iterator[str]:
    """Ids on the map that no call here has, each with the one that is most like it."""
    ours = dict.fromkeys(ours for pairs in maps for ours in pairs.values())
    for wrong in (each for each in ours if each not in known):
        near = get_close_matches(wrong, known, 1, 0)
        yield f"--key-map: no call here has the api_key_id {wrong}{f'; did you mean {near[0]}?' if near else ''}"


def _coarser(compared: Compared, exports: Exports, wanted: Sequence[str], *, mapped: bool) -> Iterator[str]:
    view = compared.view
    records = [record for record in exports.records if record.kind.provider == view.provider]
    telling = [record for record in records if record.figures.known.intersection(view.measures)]
    of = f"{view.provider}, {compared.what}: compared without"
    if not telling:
        return
    if "model" in wanted and "model" not in view.by:
        yield f"{of} models, as the export names none; group it by model or line item"
    if "key" in wanted and "key" not in view.by:
        names = sorted({record.keys[0] for record in telling if record.keys})
        if not names:
            yield f"{of} keys, as the export names none"
        else:
            why = "no key of the export is on it" if mapped else "exports name keys by ids of their own"
            others = f" and {len(names) - 1} more" if names[1:] else ""
            yield f"{of} keys: {why}; add --key-map {names[0]}=API_KEY_ID{others}"

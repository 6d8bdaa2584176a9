"""What is said of a call: columns and tags, bounded, and several of them made one; it does not know who said it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

# An id, or the path of some nested sections; longer text does not belong in a column that reports group by.
LONGEST = 256
# Names become columns of reports.
LONGEST_NAME = 64
# More than a program needs, and at most 10 KB in a row.
MOST_TAGS = 32

COLUMNS = (
    "customer_id", "run_id", "section", "trace_id", "span_id", "parent_span_id", "feature_version", "prompt_version",
    "experiment_id", "variant_id",
)  # fmt: skip

# https://www.w3.org/TR/trace-context/#trace-id: what is all zeros is no id.
_IDS = {
    "trace_id": re.compile("(?!0+$)[0-9a-f]{32}"),
    "span_id": re.compile("(?!0+$)[0-9a-f]{16}"),
    "parent_span_id": re.compile("(?!0+$)[0-9a-f]{16}"),
}


@dataclass(frozen=True, slots=True)
class Attribution:
    """What is said of a call, or of all calls of a connection; only for reading, as some are shared.

    sent_at: by the client's clock, in seconds since 1970. unknown: words addressed to us that mean nothing, or
    whose values can't be read.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    sent_at: float | None = None
    unknown: tuple[str, ...] = ()

    def tags_json(self) -> str | None:
        """The tags as one JSON object; None where there are none."""
        return msgspec.json.encode(self.tags).decode() if self.tags else None


NOTHING = Attribution()


class Draft:
    """An attribution that is being written."""

    def __init__(self) -> None:
        self.columns: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.sent_at: float | None = None
        self.unknown: list[str] = []

    def put(self, column: str, value: str, word: str) -> None:
        """Fill a column; an empty value says nothing, and an id that is none has its word named."""
        text = _line(value, LONGEST)
        if column in _IDS:
            text = text.lower()
            if text and not _IDS[column].fullmatch(text):
                self.unknown.append(word)
                return
        if text:
            self.columns[column] = text

    def tag(self, name: str, value: str) -> None:
        """Add a tag, as long as there is room for it."""
        key, text = _line(name, LONGEST_NAME), _line(value, LONGEST)
        if key and text and (key in self.tags or len(self.tags) < MOST_TAGS):
            self.tags[key] = text

    def done(self) -> Attribution:
        """What was written."""
        return Attribution(self.columns, self.tags, self.sent_at, tuple(self.unknown))


def merge(*found: Attribution) -> Attribution:
    """One out of several; an earlier one is believed first."""
    said = [each for each in found if each is not NOTHING]
    if len(said) <= 1:
        return said[0] if said else NOTHING
    columns: dict[str, str] = {}
    tags: dict[str, str] = {}
    for each in said:
        columns = {**each.columns, **columns}
        tags = {**each.tags, **tags} if len(tags) + len(each.tags) <= MOST_TAGS else _filled(tags, each.tags)
    sent_at = next((each.sent_at for each in said if each.sent_at is not None), None)
    return Attribution(columns, tags, sent_at, tuple(word for each in said for word in each.unknown))


def _filled(tags: dict[str, str], more: Mapping[str, str]) -> dict[str, str]:
    new = [item for item in more.items() if item[0] not in tags]
    return tags | dict(new[: MOST_TAGS - len(tags)])


def _line(text: str, longest: int) -> str:
    """One line: neither a database nor a terminal is the better for a control character."""
    if not text.isprintable():
        text = "".join(filter(str.isprintable, text))
    return text.strip()[:longest].rstrip()

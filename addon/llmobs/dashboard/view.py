"""What a page shows, as its URL says it: period, filters, what is drawn; it does not know databases.

The words are those of the terminal: `since=7d`, `until=2026-11-20`, `model=gpt-*,o3`, `tag:team=red`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote

from llmobs import choice, store

ALL = "all"
TAG = "tag:"
SINCE = "7d"
MEASURES = {"cost_usd": "Cost", "calls": "Calls", "input_tokens": "Input tokens", "output_tokens": "Output tokens"}
PANELS = ("model", "customer", "key_name", "run")
MOST_PANELS = 12
_ALIASES = {"key": "api_key"}
# What stands in a URL must be typed into a field, too.
_LONGEST = 2000


class ViewError(ValueError):
    """The URL asks for nothing that there is; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class View:
    """A page's choice; `where` has the values as people write them, by dimension."""

    since: str = SINCE
    until: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    stack: str = "model"
    measure: str = "cost_usd"
    by: tuple[str, ...] = PANELS

    @classmethod
    def of(cls, query: Iterable[tuple[str, str]]) -> "View":
        """Read the fields of a URL; empty ones say nothing. Raises ViewError."""
        told: dict[str, list[str]] = {}
        for name, value in query:
            if len(value) > _LONGEST:
                raise ViewError(f"{name} is longer than {_LONGEST:,} characters")
            if value.strip():
                known, wanted = _field(name.strip(), value.strip())
                told.setdefault(known, []).append(wanted)
        return _view({name: ",".join(dict.fromkeys(values)) for name, values in told.items()})

    @property
    def tag(self) -> str:
        """The filter by a tag, as a form has it."""
        return next(
            (f"{name.removeprefix(TAG)}={said}" for name, said in self.where.items() if name.startswith(TAG)), ""
        )

    def url(self, **change: object) -> str:
        """The page's address with some of it changed; what is as ever is left out."""
        said = replace(self, **change)  # type: ignore[arg-type]  # the names are its own fields
        fields = [(name, value) for name, value in said.fields() if value]
        asked = "&".join(f"{quote(name, safe=':')}={quote(value, safe=',:*')}" for name, value in fields)
        return f"/?{asked}" if asked else "/"

    def narrowed(self, name: str, value: str | None) -> str:
        """The address where only calls with this value are left."""
        return self.url(where={**self.where, name: choice.literal(value)})

    def widened(self, name: str) -> str:
        """The address without a filter."""
        return self.url(where={there: wanted for there, wanted in self.where.items() if there != name})

    def fields(self) -> list[tuple[str, str]]:
        """The fields of its URL."""
        usual = View()
        named = [(name, str(getattr(self, name))) for name in ("since", "until", "stack", "measure")]
        by = [] if self.by == PANELS else [("by", ",".join(self.by))]
        return [(name, said) for name, said in named if said != getattr(usual, name)] + [*self.where.items(), *by]

    def variables(self, now: datetime) -> dict[str, object]:
        """What the queries are told of period and filters."""
        told: dict[str, object] = dict(self.period(now))
        for name, wanted in self.where.items():
            told[f"only_{column(name)}"] = choice.expression(wanted)
        tag = next((name for name in (*self.where, *self.by, self.stack) if name.startswith(TAG)), None)
        return told | ({"tag_name": tag.removeprefix(TAG)} if tag else {})

    def period(self, now: datetime) -> dict[str, datetime]:
        """`since` and `until` as moments, where they are said."""
        said = {"since": "" if self.since == ALL else self.since, "until": self.until}
        return {name: choice.moment(text, now) for name, text in said.items() if text}

    def before(self, now: datetime) -> dict[str, datetime] | None:
        """The period of the same length just before this one; None where there is none."""
        period = self.period(now)
        if "since" not in period:
            return None
        until = period.get("until", now.replace(tzinfo=None))
        try:
            return {"since": period["since"] - (until - period["since"]), "until": period["since"]}
        except OverflowError:  # there is no year 0
            return None


def column(name: str) -> str:
    """What the queries call a dimension."""
    return "tag" if name.startswith(TAG) else name


def _field(name: str, value: str) -> tuple[str, str]:
    """A field by its own name; `tag=NAME=VALUE` of a form is `tag:NAME=VALUE`."""
    if name != "tag":
        return _ALIASES.get(name, name), value
    tag, equals, wanted = value.partition("=")
    if not (equals and tag.strip() and wanted.strip()):
        raise ViewError(f"{value} is no tag; write NAME=VALUE")
    return TAG + tag.strip(), wanted.strip()


def _view(told: dict[str, str]) -> View:
    own = {name: told.pop(name) for name in ("since", "until", "stack", "measure") if name in told}
    by = tuple(_ALIASES.get(name, name) for name in told.pop("by", "").split(",") if name)
    view = View(**own, where=told, by=by[:MOST_PANELS] or PANELS)
    view = replace(view, stack=_ALIASES.get(view.stack, view.stack))
    _check_names((*view.where, *view.by, view.stack))
    if view.measure not in MEASURES:
        raise ViewError(f"measure={view.measure} is no measure; there are {', '.join(MEASURES)}")
    for name, text in (("since", "" if view.since == ALL else view.since), ("until", view.until)):
        _check_moment(name, text)
    return view


def _check_names(names: Collection[str]) -> None:
    """Raises ViewError where there is no such dimension, or more than one tag."""
    for name in names:
        if name not in store.DIMENSIONS and not (name.startswith(TAG) and name != TAG):
            raise ViewError(f"there is nothing called {name}; there are {', '.join(store.DIMENSIONS)} and tag:NAME")
    tags = {name for name in names if name.startswith(TAG)}
    if len(tags) > 1:
        raise ViewError(f"one tag at a time, not {' and '.join(sorted(tags))}")


def _check_moment(name: str, text: str) -> None:
    """Raises ViewError where a time makes no sense."""
    try:
        choice.moment(text or "0m")
    except ValueError as problem:
        raise ViewError(f"{name}: {problem}") from None

"""A request to a page, as HTML or as where to go instead; runs in a process of its own, and knows no web server."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jinja2

from llmobs import store
from llmobs.dashboard import assets, figures, overview, waterfall, words
from llmobs.dashboard.questions import Questions, Rows
from llmobs.dashboard.view import MEASURES, View, ViewError

# Content may be megabytes; a page of that size helps nobody, and the table has all of it.
CONTENT_CHARS = 200_000
# Calls of a run that are shown, and up to how many with what was said in them.
CALLS, CALLS_WITH_CONTENT = 2000, 100
_PERIODS = {
    "1h": "Hour",
    "24h": "Day",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "365d": "Year",
    "all": "All",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, or a `location` to go to."""

    status: int
    html: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """What pages are about: a database, the date of its prices, and the policy file, if any."""

    db: str
    prices: date
    policy: Path | None = None


class Pages:
    """Makes pages of one source."""

    def __init__(self, source: Source, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._source = source
        self._now = now
        self._reading = partial(store.reading, store.source_of(source.db))
        self._jinja = _environment()
        self._paths = {"/": self._overview, "/trace": self._trace, "/call": self._call}

    def answer(self, path: str, query: str) -> Answer:
        """The page at a path."""
        fields = parse_qsl(query, keep_blank_values=True, errors="replace")
        try:
            return self._paths[path](fields)
        except ViewError as problem:
            return self._said(400, "That is no view", str(problem))
        except store.MissingError as problem:
            return self._said(200, "No calls yet", str(problem), live=True)
        except store.StoreError as problem:
            return self._said(503, "The database can't be read", str(problem), live=True)

    def _overview(self, fields: list[tuple[str, str]]) -> Answer:
        view = View.of(fields)
        if any(not value.strip() or name == "tag" for name, value in fields):
            return Answer(303, location=view.url())
        with self._reading() as db:
            page = overview.overview(db, view, self._now(), self._source.policy)
        return Answer(200, self._render("overview.html", **overview.context(page)))

    def _trace(self, fields: list[tuple[str, str]]) -> Answer:
        trace = dict(fields).get("id", "")
        with self._reading() as db:
            kind, calls = "run", _calls(db, "run", trace)
            if not calls:
                kind, calls = "trace", _calls(db, "trace", trace)
        if not calls:
            return self._said(404, "Nothing found", f"No call has the run or the trace {words.name(trace)}.")
        lines = waterfall.lines(kind, trace, calls)
        return Answer(200, self._render("trace.html", kind=kind, lines=lines, of_calls=calls[0]["of_calls"]))

    def _call(self, fields: list[tuple[str, str]]) -> Answer:
        event_id = dict(fields).get("id", "")
        with self._reading() as db:
            ask = Questions(db, {"call": event_id})
            calls = ask.rows("call")
            attempts = ask.rows("call_attempts", call_at=calls[0]["started_at"]) if calls else []
        if not calls:
            return self._said(404, "Nothing found", f"There is no call {words.name(event_id)}.")
        return Answer(200, self._render("call.html", call=calls[0], attempts=attempts))

    def _said(self, status: int, title: str, text: str, *, live: bool = False) -> Answer:
        return Answer(status, self._render("said.html", title=title, text=text, live=live))

    def _render(self, template: str, **told: object) -> str:
        now = self._now().astimezone(UTC).date()
        prices = self._source.prices
        return self._jinja.get_template(template).render(
            asset=assets.url,
            db=self._source.db,
            prices_at=prices,
            prices_days=(now - prices).days,
            style_ids=assets.style_ids(),
            **told,
        )


def _calls(db: store.Reading, kind: str, name: str) -> Rows:
    """The calls of a run or a trace, with what was said in them unless that is too much."""
    ask = Questions(db, {"run": None, "trace": None, kind: name, "most": CALLS})
    calls = ask.rows("trace_calls", with_content=False)
    if 0 < len(calls) <= CALLS_WITH_CONTENT:
        return ask.rows("trace_calls", with_content=True)
    return calls


def _environment() -> jinja2.Environment:
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: words.visible(value) if type(value) is str else value,
    )
    jinja.filters.update(words.FILTERS, pretty=pretty)
    jinja.globals.update(
        unshown=unshown,
        periods=_PERIODS,
        measures=MEASURES,
        dimensions=list(store.DIMENSIONS),
        most_series=figures.MOST_SERIES,
    )
    return jinja


def unshown(rows: Rows) -> int:
    """How many rows a query has besides those that are shown."""
    return rows[0]["all_rows"] - len(rows) if rows else 0


def pretty(text: str | None) -> str:
    """JSON as people read it, and any other text as it is; cut where it is too long."""
    try:
        read: Any = json.loads(text or "")
    except ValueError:
        shown = text or ""
    else:
        shown = json.dumps(read, indent=2, ensure_ascii=False)
    cut = len(shown) - CONTENT_CHARS
    return shown if cut <= 0 else f"{shown[:CONTENT_CHARS]}\n… {cut:,} more characters are in the database"

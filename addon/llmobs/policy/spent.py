"""What the database says was spent from each pot, and how sure that is; it does not know what is not stored yet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

from llmobs import store
from llmobs.policy.rule import Pot, Rule
from llmobs.policy.scope import TAG

# How the table says what `scope.WORDS` reads from an event.
_SQL = {
    "customer": "customer_id",
    "run": "run_id",
    "key": "coalesce(api_key_name, api_key_id)",
    "provider": "provider",
    "host": "host",
    "model": "coalesce(model, request_model)",
    "section": "section",
    "client": "client",
}
_DOUBTFUL = "cost_usd IS NULL OR cost_status IN ('partial', 'pending')"
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
# The words of a job's calls, and whether the table knows what it costs.
type Job = tuple[str | None, str]


def pots(db: store.Reading, rules: Iterable[Rule], now: datetime) -> dict[Pot, Decimal]:
    """What was spent in the windows that are open now."""
    found: dict[Pot, Decimal] = {}
    for pot, usd in _by_pot(db, rules, now, "sum(cost_usd)", "cost_usd <> 0"):
        if usd is not None:  # without words there is a row even where nothing was spent
            found[pot] = found.get(pot, Decimal(0)) + Decimal(str(usd))
    return found


def doubtful_calls(db: store.Reading, rules: Iterable[Rule], now: datetime) -> dict[Pot, int]:
    """How many calls in these windows have a cost of which all or a part is unknown: what was spent lacks that."""
    found: dict[Pot, int] = {}
    for pot, calls in _by_pot(db, rules, now, "count(*)", _DOUBTFUL):
        if calls:
            found[pot] = found.get(pot, 0) + int(str(calls))
    return found


def _by_pot(
    db: store.Reading, rules: Iterable[Rule], now: datetime, figure: str, condition: str
) -> Iterator[tuple[Pot, object]]:
    """A figure of some calls, part by part of each pot: a query for each start of a window, over its rows alone."""
    by_age = sorted(rules, key=lambda rule: rule.oldest(now) or _ALWAYS)
    for oldest, alike in groupby(by_age, lambda rule: rule.oldest(now)):
        together = list(alike)
        words = sorted({word for rule in together for word in rule.scope.words})
        for *values, part in _parts(db, words, oldest, figure, condition):
            texts = (None if value is None else str(value) for value in values)
            say = dict(zip(words, texts, strict=True)).get
            for rule in together:
                if (pot := rule.pot_of_words(say, rule.window(now))) is not None:
                    yield pot, part


def _parts(
    db: store.Reading, words: list[str], oldest: datetime | None, figure: str, condition: str
) -> Sequence[store.Row]:
    columns = "".join(f"{_column(word)}, " for word in words)
    since = "" if oldest is None else " AND started_at >= ?"
    sql = f"SELECT {columns}{figure} FROM events WHERE ({condition}){since} GROUP BY ALL"  # noqa: S608 -- of ours
    return db.query(sql, [] if oldest is None else [oldest.astimezone(UTC).replace(tzinfo=None)]).rows


def _column(word: str) -> str:
    if not word.startswith(TAG):
        return _SQL[word]
    pointer = "/" + word.removeprefix(TAG).replace("~", "~0").replace("/", "~1").replace("'", "''")
    return f"json_extract_string(tags, '{pointer}')"


def stored(db: store.Reading, calls: Mapping[str, datetime]) -> set[str]:
    """Which of these calls, by id and start, are in the table."""
    if not calls:
        return set()
    oldest = min(calls.values()).astimezone(UTC).replace(tzinfo=None)
    sql = "SELECT event_id FROM events WHERE started_at >= ? AND list_contains(?, event_id)"
    return {str(row[0]) for row in db.query(sql, [oldest, list(calls)]).rows}


def settled(db: store.Reading, jobs: Iterable[Job]) -> set[Job]:
    """Which of these jobs have a cost in the table."""
    wanted = set(jobs)
    if not wanted:
        return set()
    sql = "SELECT provider, job_id FROM events WHERE cost_usd IS NOT NULL AND list_contains(?, job_id)"
    rows = db.query(sql, [sorted({job_id for _, job_id in wanted})]).rows
    return {(None if provider is None else str(provider), str(job_id)) for provider, job_id in rows} & wanted

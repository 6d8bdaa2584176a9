"""Rows about work that is billed once, by its id, however often it is asked for; it does not know where rows come from.

What remains depends neither on the order of the rows nor on how they are spread over loads, processes and restarts. A
job's row says nothing of the rows that it was made of, save one thing: the time from its first request to the end of
the answer that tells most, which is how the first of equals is known later. Where its list price is that of another
answer, the table `jobs_listed` says how well that one knew it.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of this file

import duckdb

from llmobs.columns import USD_TYPE
from llmobs.event import CostStatus
from llmobs.store import noting

# Rows wait here until it is known what they add.
ARRIVED = "arrived"

# How well a cost is known; the list is read from its end.
_RANKS = (
    CostStatus.PENDING,
    CostStatus.UNPRICED,
    CostStatus.PARTIAL,
    CostStatus.ESTIMATED,
    CostStatus.EXACT,
    CostStatus.PROVIDER_REPORTED,
)
# On whose behalf: the lines of a batch, whose results anybody may fetch, inherit it.
_BEHALF = (
    "customer_id", "run_id", "section", "tags", "feature_version", "prompt_version", "experiment_id", "variant_id",
)  # fmt: skip
# A span says nothing without its trace.
_SPAN = ("trace_id", "span_id", "parent_span_id")
# What was asked, by whom, and where the results are: each from the oldest row that says so.
_KEPT = (
    "host", "path", "method", "request_bytes", "client", "client_skew_ms", "request_model", "results_id", *_BEHALF,
)  # fmt: skip
# Columns that belong together: from the oldest row that has any of them.
_KEPT_TOGETHER = (("api_key_id", "api_key_name"), _SPAN)
# What an answer that tells only what is paid takes from the best one that knows a list price.
_LENT = ("model", "price_version", "variant", "region", "list_cost_usd", "charges")
_TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")

_SAME_JOB = "other.job_id = events.job_id AND other.provider IS NOT DISTINCT FROM events.provider"
_SAME_RESULTS = "other.results_id = events.results_id AND other.provider IS NOT DISTINCT FROM events.provider"

_IS_LINE = "events.operation IS DISTINCT FROM 'batch'"


def stage(db: duckdb.DuckDBPyConnection) -> None:
    """Make an empty table like that of the events, for rows some of which have a job_id."""
    db.execute(_LISTED)
    db.execute("CREATE OR REPLACE TEMP TABLE arrived AS FROM events LIMIT 0")


def merge(db: duckdb.DuckDBPyConnection) -> None:
    """Bring the staged rows among the events: one row for each job, and a batch's cost either on its lines or on it."""
    for notes, statement in _STATEMENTS:
        for source, fresh in notes:
            noting.note(db, source, fresh=fresh)
        db.execute(statement)


def _micros(column: str) -> str:
    return f"round({column} * 1000)::BIGINT"


def _since_first(column: str, length: str) -> str:
    """Milliseconds from the job's first request on; the same to the last bit, whatever was merged before."""
    moved = f"(epoch_us(started_at) + {_micros(length)} - epoch_us(min(started_at) OVER age)) / 1000"
    return f"CASE WHEN started_at > min(started_at) OVER age THEN {moved} ELSE {column} END AS {column}"


def _oldest(name: str, group: tuple[str, ...]) -> str:
    """A column from the oldest row that has any of its group."""
    told = f"CASE WHEN coalesce({', '.join(group)}) IS NOT NULL THEN {{'told': {name}}} END"
    return f"(first_value({told} IGNORE NULLS) OVER age).told AS {name}"


# A line of results has no length of its own.
_LENGTH = "coalesce(latency_ms, 0)"
_ENDED = f"epoch_us(started_at) + {_micros(_LENGTH)}"
_RANK = f"list_position({[str(status) for status in _RANKS]}, replace(cost_status, 'not_billed', 'exact'))"
_OLDEST = ", ".join(
    [
        *(f"first_value({name} IGNORE NULLS) OVER age AS {name}" for name in ("event_id", *_KEPT)),
        *(_oldest(name, group) for group in _KEPT_TOGETHER for name in group),
    ]
)

# Of several answers the one counts whose standing is the least; what is not known is greater than anything.
_STANDING_TYPE = f"STRUCT(rank INTEGER, cut BOOLEAN, ended BIGINT, cost {USD_TYPE}, usage VARCHAR)"
_STANDING = f"""{{
    'rank': -{_RANK}, 'cut': outcome = 'interrupted', 'ended': {_ENDED}, 'cost': -cost_usd, 'usage': usage
}}::{_STANDING_TYPE}"""
# How well the answer stood whose list price the row of a job has that was told without one.
_LISTED = f"CREATE TABLE IF NOT EXISTS jobs_listed (provider VARCHAR, job_id VARCHAR, standing {_STANDING_TYPE})"

_ONLY_PAID = "cost_status = 'provider_reported' AND priced IS DISTINCT FROM standing"
_LENDING = ", ".join(f"'{name}': {name}" for name in _LENT)
_BORROWED = ", ".join(f"CASE WHEN lent IS NULL THEN {name} ELSE lender.{name} END AS {name}" for name in _LENT[:-1])
_LINES = "list_filter(lender.charges, lambda line: line.unit <> 'adjustment')"
_REST = f"(cost_usd - coalesce(list_sum([line.amount_usd FOR line IN {_LINES}]), 0))::{USD_TYPE}"
_ADJUSTMENT = f"{{'unit': 'adjustment', 'quantity': 1, 'rate_usd': {_REST}, 'per': 1, 'amount_usd': {_REST}}}"
_ADJUSTED = f"{_LINES} || CASE WHEN {_REST} = 0 THEN [] ELSE [{_ADJUSTMENT}] END"

# Rows by their place in the table: reading two columns to find them is far cheaper than reading all of them.
_KNOWN = f"""
CREATE OR REPLACE TEMP TABLE known AS
SELECT rowid AS place, provider, job_id FROM events SEMI JOIN arrived AS other ON {_SAME_JOB}
"""

_MERGED = f"""
CREATE OR REPLACE TEMP TABLE merged AS
WITH stored AS (
    SELECT events.*, other.standing AS lent FROM events
    LEFT JOIN jobs_listed AS other ON {_SAME_JOB} AND events.cost_status = 'provider_reported'
    WHERE events.rowid IN (SELECT place FROM known)
),
seen AS (
    SELECT *, {_STANDING} AS standing, CASE WHEN list_cost_usd IS NOT NULL THEN coalesce(lent, standing) END AS priced
    FROM (FROM stored UNION ALL SELECT *, NULL FROM arrived WHERE job_id IS NOT NULL)
),
best AS (
    SELECT * REPLACE (
        min(started_at) OVER age AS started_at,
        {_since_first("ttft_ms", "ttft_ms")},
        {_since_first("latency_ms", _LENGTH)},
        {_OLDEST}
    ),
    first_value({{{_LENDING}, 'standing': priced}}) OVER (
        PARTITION BY provider, job_id ORDER BY priced NULLS LAST
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS lender
    FROM seen
    WINDOW age AS (
        PARTITION BY provider, job_id ORDER BY started_at, event_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
    QUALIFY row_number() OVER (PARTITION BY provider, job_id ORDER BY standing) = 1
),
told AS (
    SELECT * REPLACE (CASE WHEN {_ONLY_PAID} THEN lender.standing END AS lent) FROM best
),
settled AS (
    SELECT * EXCLUDE (standing, priced, lender) REPLACE (
        {_BORROWED}, CASE WHEN lent IS NULL THEN charges ELSE {_ADJUSTED} END AS charges
    )
    FROM told
)
FROM settled EXCEPT ALL FROM stored
"""

_REPLACED = """
DELETE FROM events WHERE rowid IN (
    SELECT place FROM known SEMI JOIN merged
    ON merged.job_id = known.job_id AND merged.provider IS NOT DISTINCT FROM known.provider
)
"""

_FORGOTTEN = """
DELETE FROM jobs_listed USING merged
WHERE merged.job_id = jobs_listed.job_id AND merged.provider IS NOT DISTINCT FROM jobs_listed.provider
"""

_REMEMBERED = "INSERT INTO jobs_listed SELECT provider, job_id, lent FROM merged WHERE lent IS NOT NULL"

_STORED = "INSERT INTO events FROM arrived WHERE job_id IS NULL UNION ALL SELECT * EXCLUDE (lent) FROM merged"

# Lines know their batch by the file or by the batch itself, whichever their vendor tells.
_BATCHES = f"""
CREATE OR REPLACE TEMP TABLE batches AS
WITH changed AS (
    SELECT provider, results_id FROM merged UNION SELECT provider, job_id FROM merged WHERE operation = 'batch'
)
SELECT events.* FROM (
    SELECT rowid AS place, provider, unnest([job_id, results_id]) AS results_id, {", ".join((*_BEHALF, *_SPAN))}
    FROM events WHERE operation = 'batch'
) AS events SEMI JOIN changed AS other ON {_SAME_RESULTS}
"""

# The lines of a batch carry its cost; without any, its own totals do.
_LINES_OF_BATCHES = f"""
rowid IN (
    SELECT place FROM batches AS other SEMI JOIN events ON {_SAME_RESULTS} AND {_IS_LINE}
) AND (cost_status <> 'not_billed' OR list_cost_usd IS DISTINCT FROM 0)
"""
_SETTLED = f"""
UPDATE events SET
    cost_status = 'not_billed', cost_usd = 0, list_cost_usd = 0, charges = [], usage = NULL, price_version = NULL,
    {", ".join(f"{name} = NULL" for name in _TOKENS)}
WHERE {_LINES_OF_BATCHES}
"""

_HEIR_HAS_NO_SPAN = f"coalesce({', '.join(f'events.{name}' for name in _SPAN)}) IS NULL"
_HEIRLOOMS = {name: f"coalesce(events.{name}, other.{name})" for name in _BEHALF} | {
    name: f"CASE WHEN {_HEIR_HAS_NO_SPAN} THEN other.{name} ELSE events.{name} END" for name in _SPAN
}
_HEIRS = f"""
{_SAME_RESULTS} AND {_IS_LINE}
AND ({" OR ".join(f"events.{name} IS DISTINCT FROM {value}" for name, value in _HEIRLOOMS.items())})
"""
_INHERITED = f"""
UPDATE events SET {", ".join(f"{name} = {value}" for name, value in _HEIRLOOMS.items())}
FROM batches AS other WHERE {_HEIRS}
"""

# Rows as they are before a statement, and whether it brings them: what has to be noted where others are told of it.
_OLD = "SELECT event_id, started_at FROM events WHERE rowid IN (SELECT place FROM known)"
_NEW = "SELECT event_id, started_at FROM {} WHERE event_id {} (SELECT event_id FROM (" + _OLD + "))"
_NOTED: dict[str, tuple[tuple[str, bool], ...]] = {
    _REPLACED: (
        (_OLD, False),
        (_NEW.format("merged", "IN"), False),
        (_NEW.format("merged", "NOT IN"), True),
        ("FROM arrived WHERE job_id IS NULL", True),
    ),
    _SETTLED: ((f"FROM events WHERE {_LINES_OF_BATCHES}", False),),
    _INHERITED: ((f"SELECT events.* FROM events, batches AS other WHERE {_HEIRS}", False),),
}
_STATEMENTS = tuple(
    (_NOTED.get(statement, ()), statement)
    for statement in (
        _KNOWN, _MERGED, _REPLACED, _FORGOTTEN, _REMEMBERED, _STORED, _BATCHES, _SETTLED, _INHERITED,
    )
)  # fmt: skip

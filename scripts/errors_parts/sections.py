"""What the error report tells beside rates: kinds, retries, limits, streaks, refusals; it neither asks nor prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmobs.render import Cell, Column, Section, bar, count, duration, percent, usd
from scripts.console.cells import NAME_WIDTH, name

type Row = Mapping[str, Any]
type Rows = Sequence[Row]

# From so much of a limit on it is worth a look.
NEAR, AT = 0.8, 0.95
_BAR = 12
# Sections of which nobody reads the end.
LONGEST = 10


def others(answers: Mapping[str, Rows]) -> list[Section]:
    """All but the rates; a section without a row is left out."""
    sections = [
        kinds(answers["kinds"]),
        retries(answers["retries"]),
        throttled(answers["throttled"]),
        limits(answers["limits"]),
        streaks(answers["streaks"]),
        refusals(answers["refusals"]),
    ]
    return [section for section in sections if section.rows]


def kinds(rows: Rows) -> Section:
    """Errors by class and type."""
    columns = [
        _named("class"), _named("type"), Column("status"), _named("provider"), Column("errors"), Column("share"),
        Column("", figures=False, picture=True, spare=2), Column("charged", spare=3), Column("last", spare=1),
    ]  # fmt: skip
    cells = [
        [
            _class(row["error_class"]),
            name(row["error_type"]),
            "-" if row["status"] is None else str(row["status"]),
            name(row["provider"]),
            count(row["errors"]),
            percent(row["share"]),
            Cell(bar(row["share"], _BAR), "accent"),
            _charged(row["cost_usd"], row["unknown_calls"]),
            _at(row["last_at"]),
        ]
        for row in rows[:LONGEST]
    ]
    legend = "transient: may succeed when repeated; user: the request must be changed; system: the provider's own fault"
    return Section("Kinds of errors", columns, cells, note=_note(rows, legend))


def retries(rows: Rows) -> Section:
    """What trying again brought and cost."""
    columns = [
        _named("provider"), _named("model"), Column("retries"), Column("ended well"), Column("cost"),
        Column("errors charged", spare=2), Column("time lost", spare=1), Column("not tried again", spare=3),
    ]  # fmt: skip
    cells = [
        [
            name(row["provider"]),
            name(row["model"]),
            count(row["retries"]),
            percent(row["retries_ok"] / row["retries"]),
            _charged(row["cost_usd"], row["unknown_calls"]),
            _charged(row["failed_usd"], row["failed_unknown_calls"]),
            duration(row["lost_ms"]),
            count(row["given_up"]),
        ]
        for row in rows[:LONGEST]
    ]
    known = [row["cost_usd"] for row in rows if row["cost_usd"] is not None]
    cost = usd(sum(known) if known else None, more=any(row["unknown_calls"] for row in rows))
    total = sum(row["retries"] for row in rows)
    return Section(
        f"Retries: {total:,}, {cost}", columns, cells, note=_note(rows, "time lost: what failed attempts took")
    )


def throttled(rows: Rows) -> Section:
    """Refusals by the provider's rate limits."""
    columns = [
        _named("provider"), _named("model"), _named("key"), Column("429"), Column("longest wait told", spare=1),
        Column("last"),
    ]  # fmt: skip
    cells = [
        [*(name(row[column]) for column in ("provider", "model", "key")), count(row["rate_limited"]),
         duration(row["longest_wait_ms"]), _at(row["last_at"])]
        for row in rows[:LONGEST]
    ]  # fmt: skip
    total = sum(row["rate_limited"] for row in rows)
    return Section(f"Refused by rate limits: {total:,}", columns, cells, note=_note(rows))


def limits(rows: Rows) -> Section:
    """How near the providers' limits are."""
    columns = [
        _named("provider"), _named("key"), _named("limit on"), Column("of", spare=2), Column("used at last"),
        Column("most used"), Column("", figures=False, picture=True, spare=1), Column("when", spare=3),
    ]  # fmt: skip
    cells = [
        [
            *(name(row[column]) for column in ("provider", "key", "limited")),
            count(None if row["most"] is None else round(row["most"])),
            percent(row["used_last"]),
            _near(row["used_most"]),
            Cell(bar(row["used_most"], _BAR), "accent"),
            _at(row["most_used_at"]),
        ]
        for row in rows[:LONGEST]
    ]
    return Section("Rate limits, as the providers tell them", columns, cells, note=_note(rows))


def streaks(rows: Rows) -> Section:
    """The longest runs of errors."""
    columns = [
        _named("host"), _named("model"), Column("errors in a row"), Column("from"), Column("for", spare=1),
        Column("mostly", figures=False, cut=NAME_WIDTH, spare=2), Column("", figures=False, picture=True),
    ]  # fmt: skip
    cells = [
        [
            name(row["host"]),
            name(row["model"]),
            count(row["errors"]),
            _at(row["first_at"]),
            duration(row["length_ms"]),
            name(row["error_type"]),
            Cell("goes on", "bad") if row["goes_on"] else "over",
        ]
        for row in rows[:LONGEST]
    ]
    return Section("Longest streaks, with no good answer between the errors", columns, cells, note=_note(rows))


def refusals(rows: Rows) -> Section:
    """What own policies refused; it is no error of a provider."""
    cells = [[row["policy"], name(row["provider"]), count(row["calls"])] for row in rows[:LONGEST]]
    return Section(
        f"Refused by your own rules, not counted above: {sum(row['calls'] for row in rows):,}",
        [_named("rule"), _named("provider"), Column("calls")],
        cells,
        note=_note(rows),
    )


def _named(heading: str) -> Column:
    return Column(heading, figures=False, cut=NAME_WIDTH)


def _class(told: str | None) -> str | Cell:
    return Cell(told, "bad") if told == "system" else Cell(told, "warn") if told == "transient" else name(told)


def _near(share: float) -> str | Cell:
    mark = "!" if share >= NEAR else ""
    return Cell(mark + percent(share), "bad" if share >= AT else "warn") if mark else percent(share)


def _charged(amount: Any, unknown: int) -> str:
    return "-" if amount is None and not unknown else usd(amount, more=unknown > 0)


def _at(moment: Any) -> str:
    return f"{moment:%m-%d %H:%M}"


def _note(rows: Rows, note: str = "") -> str:
    more = f"{len(rows) - LONGEST:,} more with --json" if len(rows) > LONGEST else ""
    return "; ".join(filter(None, (note, more)))

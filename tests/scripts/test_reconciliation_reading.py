"""Exports as their providers make them: each form is known by its shape, and what is no export is named."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.reconciliation import cells
from scripts.reconciliation.export import TOOLS, ExportError
from scripts.reconciliation.figures import Figures, minus, plus, total
from scripts.reconciliation.files import sheets
from scripts.reconciliation.kinds import KINDS
from scripts.reconciliation.reader import Exports, read
from tests.scripts.exports import (
    ACTIVITY,
    CONSOLE_COST_CSV,
    CONSOLE_USAGE_CSV,
    MESSAGES,
    MONDAY,
    OPENAI_COST_CSV,
    OPENAI_EMPTY_CSV,
    OPENAI_USAGE_CSV,
    OPENROUTER_CALLS_CSV,
    OPENROUTER_DAYS_CSV,
    TUESDAY,
    anthropic_bucket,
    bucket,
    completions,
    cost,
    page,
    report_cost,
)

DAY = date(2026, 11, 16)
NEXT_DAY = date(2026, 11, 17)


def exported(folder: Path, *texts: str) -> Exports:
    """What files of these texts tell."""
    for at, text in enumerate(texts):
        (folder / f"{at}.{'csv' if text[0] not in '[{' else 'json'}").write_text(text, encoding="utf-8")
    return read(sheets([folder]))


FORMS = {
    "OpenAI usage API": (
        page(bucket(MONDAY, completions("gpt-4o-2024-08-06", 2, (2000, 500, 600), "key_a"))),
        [("gpt-4o-2024-08-06", ("key_a",), Figures(2, 2000, 500, 600))],
    ),
    "OpenAI usage API, embeddings": (
        page(bucket(MONDAY, {"input_tokens": 9, "num_model_requests": 1, "model": "text-embedding-3-small"})),
        [("text-embedding-3-small", (), Figures(1, 9))],
    ),
    "OpenAI usage API, images": (
        page(bucket(MONDAY, {"images": 4, "size": "1024x1024", "num_model_requests": 2, "model": "dall-e-3"})),
        [("dall-e-3", (), Figures(2))],
    ),
    "OpenAI usage CSV": (OPENAI_USAGE_CSV, [("gpt-4o-2024-08-06", ("key_a",), Figures(2, 2000, 500, 600))]),
    "OpenAI costs API": (
        page(bucket(MONDAY, cost("priority | gpt-5, output, long context", 0.1), cost(None, "1E-3"))),
        [("gpt-5", (), Figures(cost_usd=Decimal("0.1"))), (None, (), Figures(cost_usd=Decimal("0.001")))],
    ),
    "OpenAI cost CSV": (
        OPENAI_COST_CSV,
        [
            ("gpt-4o-2024-08-06", ("key_a",), Figures(cost_usd=Decimal("0.00375"))),
            ("gpt-4o-2024-08-06", ("key_a",), Figures(cost_usd=Decimal(0))),
            (TOOLS, ("key_a",), Figures(cost_usd=Decimal("0.02"))),
        ],
    ),
    "OpenAI CSV without an entry": (OPENAI_EMPTY_CSV, []),
    "OpenAI API without an entry": (page(bucket(MONDAY)), []),
    "Anthropic usage report": (
        page(anthropic_bucket(MONDAY, MESSAGES)),
        [("claude-sonnet-4-5-20250929", ("apikey_01A",), Figures(None, 1000, 150, 400))],
    ),
    "Anthropic cost report": (
        page(anthropic_bucket(MONDAY, report_cost("123.45"), report_cost("2", None, "web_search"))),
        [
            ("claude-sonnet-4-5-20250929", (), Figures(cost_usd=Decimal("1.2345"))),
            (TOOLS, (), Figures(cost_usd=Decimal("0.02"))),
        ],
    ),
    "Anthropic report without an entry": (page(anthropic_bucket(MONDAY)), []),
    "Anthropic Console usage": (
        CONSOLE_USAGE_CSV,
        [("claude-sonnet-4-5-20250929", ("production",), Figures(None, 1000, 150, 400))],
    ),
    "Anthropic Console cost": (
        CONSOLE_COST_CSV,
        [
            ("Claude Sonnet 4.5", ("apikey_01A", "production"), Figures(cost_usd=Decimal("0.01"))),
            ("Claude Sonnet 4.5", ("apikey_01A", "production"), Figures(cost_usd=Decimal("0.01"))),
            (TOOLS, ("apikey_01A", "production"), Figures(cost_usd=Decimal("0.02"))),
        ],
    ),
    "OpenRouter activity API": (
        page(ACTIVITY),
        [("openai/gpt-4.1", (), Figures(5, 50, None, 125, Decimal("0.027")))],
    ),
    "OpenRouter activity CSV by day": (
        OPENROUTER_DAYS_CSV,
        [("anthropic/claude-4.5-sonnet-20250929", (), Figures(1, 1000, None, 500, Decimal("0.5105")))],
    ),
    "OpenRouter activity CSV by generation": (
        OPENROUTER_CALLS_CSV,
        [("openai/gpt-4.1-2025-04-14", ("production",), Figures(1, 1000, 300, 500, Decimal("0.0105")))],
    ),
}


@pytest.mark.parametrize(("text", "told"), FORMS.values(), ids=FORMS)
def test_forms(tmp_path: Path, text: str, told: list[tuple[str | None, tuple[str, ...], Figures]]) -> None:
    """Each form gives its days, models, keys and exact figures, and nothing in it is unknown."""
    exports = exported(tmp_path, text)

    assert [(record.model, record.keys, record.figures) for record in exports.records] == told
    assert {record.day for record in exports.records} <= {DAY}
    assert [first for first, _ in exports.days.values()] == [DAY]
    assert exports.notes == []


def test_byte_order_mark(tmp_path: Path) -> None:
    """A file that a spreadsheet saved is read all the same."""
    assert len(exported(tmp_path, "\ufeff" + CONSOLE_USAGE_CSV).records) == 1


def test_tools_of_openai(tmp_path: Path) -> None:
    """Searches, sessions and bytes have nothing to be compared with, and that is said."""
    exports = exported(tmp_path, page(bucket(MONDAY, {"num_sessions": 3, "project_id": None})))

    assert exports.records == []
    assert "compared by their cost" in exports.notes[0]


def test_columns_that_are_not_known(tmp_path: Path) -> None:
    """A column that came later is named and passed over."""
    exports = exported(tmp_path, page({**ACTIVITY, "carbon_grams": 7}))

    assert len(exports.records) == 1
    assert exports.notes[0].endswith("columns that are not known and not read: carbon_grams")


def test_pages_in_several_files(tmp_path: Path) -> None:
    """The pages of an export add up, in files of their own or in a list; the last one closes it."""
    first = page(bucket(MONDAY, completions("gpt-4o", 1, (1, 0, 1))), more=True)
    last = page(bucket(TUESDAY, completions("gpt-4o", 2, (1, 0, 1))))
    (tmp_path / "one").mkdir()
    apart, together = exported(tmp_path, first, last), exported(tmp_path / "one", f"[{first}, {last}]")

    assert [record.figures.calls for record in apart.records] == [1, 2]
    assert [record.figures for record in together.records] == [record.figures for record in apart.records]
    assert apart.days == {"openai": (DAY, NEXT_DAY)}
    assert apart.notes == together.notes == []


def test_page_that_is_missing(tmp_path: Path) -> None:
    """Pages that all announce another one are not all there are."""
    exports = exported(tmp_path, page(bucket(MONDAY, completions("gpt-4o", 1, (1, 0, 1))), more=True))

    assert exports.notes == ["OpenAI usage: every page given says that more follow"]


def test_rows_that_two_files_hold(tmp_path: Path) -> None:
    """Downloads that overlap count once; a file that holds a row twice means it."""
    line = OPENROUTER_CALLS_CSV.splitlines()[1:]
    both = "\n".join([OPENROUTER_CALLS_CSV.splitlines()[0], *line, *line])
    exports = exported(tmp_path, both, OPENROUTER_CALLS_CSV)

    assert len(exports.records) == 2
    assert exports.notes[0].endswith("1.csv: 1 row of another file again, counted once")


def test_file_that_is_named_twice(tmp_path: Path) -> None:
    """A file is read once, however often it is given."""
    exported(tmp_path, CONSOLE_USAGE_CSV)

    assert len(read(sheets([tmp_path, tmp_path / "0.csv"])).records) == 1


def failed(folder: Path, *texts: str) -> str:
    """Why files of these texts can't be read."""
    with pytest.raises(ExportError) as error:
        exported(folder, *texts)
    return str(error.value)


def changed(entry: Mapping[str, Any], **more: Any) -> str:
    """A page of one entry with other cells."""
    return page({**entry, **more})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("   ", "is empty"),
        ("a,b\n1,2\n", "found the CSV columns a, b; expected"),
        ("usage_date_utc,model_version,usage_output_tokens\n", "usage_input_tokens_no_cache"),
        (
            "start_time,end_time,colour\n1794787200,1794873600,red\n",
            "found the CSV columns start_time, end_time, colour",
        ),
        (CONSOLE_USAGE_CSV + "2026-11-16,claude\n", "line 3: 2 cells under 14 columns"),
        ('Date,Slug\n"2026', "line 2: unexpected end of data"),
        ("{", "is no JSON export"),
        ("[" * 100_000, "is no JSON export"),
        ('{"data": [{"usage": NaN}]}', "NaN is no number"),
        ('{"error": {"message": "no key"}}', "found the keys error; expected"),
        ("[1]", "found Decimal; expected"),
        ('{"data": [1]}', "expected a list of objects"),
        ('{"data": [{"results": 5}]}', "expected a list of objects"),
        (page(), "found the JSON columns (none); expected rows"),
        (changed(ACTIVITY, requests="many"), "row 1, requests: 'many' is no number"),
        (changed(ACTIVITY, requests=2.5), "row 1, requests: 2.5 is no count"),
        (changed(ACTIVITY, requests=-1), "-1 is no count"),
        (changed(ACTIVITY, usage="Infinity"), "no number of calls, tokens or USD"),
        (changed(ACTIVITY, date="soon"), "row 1, date: 'soon' is no time"),
        (changed(ACTIVITY, date=None), "row 1, date: 'None' is no time"),
        (CONSOLE_USAGE_CSV.replace("2026-11-16", "11/16/26"), "line 2, usage_date_utc: '11/16/26' is no time"),
        (
            page(anthropic_bucket(MONDAY, report_cost("1") | {"currency": "EUR"})),
            "found an amount in EUR; expected USD",
        ),
    ],
)
def test_what_is_no_export(tmp_path: Path, text: str, words: str) -> None:
    """The file, what was found in it and what is expected are named."""
    message = failed(tmp_path, text)

    assert words in message
    assert str(tmp_path) in message


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    """Missing files, empty folders and pictures are named."""
    (tmp_path / "a.json").write_bytes(b"\xff\xd8")

    assert "is no UTF-8 text" in failed(tmp_path)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ExportError, match=r"holds no \.csv and no \.json file"):
        list(sheets([tmp_path / "nothing"]))
    with pytest.raises(ExportError, match="No such file"):
        list(sheets([tmp_path / "none.csv"]))


def test_kinds() -> None:
    """Each kind says where its form is published, and sums measures that exist."""
    for kind in KINDS:
        assert kind.source.startswith("https://")
        assert kind.sums.keys() <= Figures.__dataclass_fields__.keys()
        assert bool(kind.sums) + bool(kind.remark) + kind.closed == 1


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (Decimal(1794787200), DAY),
        ("1794873599.0", DAY),
        ("2026-11-16", DAY),
        ("2026-11-16T23:30:00-01:00", NEXT_DAY),
        ("2026-11-16 23:59:59.271", DAY),
        ("2026-11-16T00:00:00Z", DAY),
    ],
)
def test_days(cell: object, day: date) -> None:
    """A day is that of UTC, in whatever form the moment stands."""
    assert cells.day(cell) == day


@pytest.mark.parametrize("cell", ["9" * 30, "0001-01-01T00:00:00+23:00", "20261116x"])
def test_moments_that_are_none(cell: str) -> None:
    """What lies outside of the calendar is refused."""
    with pytest.raises(ValueError, match="is no time"):
        cells.day(cell)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 -- bounds are naive
def test_moments_in_two_forms(moment: datetime) -> None:
    """Seconds and ISO text of one moment are one day."""
    assert cells.day(int(moment.timestamp())) == cells.day(moment.isoformat()) == moment.date()


@given(st.text())
def test_any_cell(text: str) -> None:
    """Any text is a figure, nothing, or refused."""
    for read_cell in (cells.number, cells.count, cells.day):
        with suppress(ValueError):
            read_cell(text)


AMOUNTS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=30)


@given(st.lists(AMOUNTS), AMOUNTS)
def test_sums_are_exact(amounts: list[Decimal], more: Decimal) -> None:
    """No digit is lost, in any order."""
    assert total(amounts) == total(reversed(amounts))
    assert minus(plus(total(amounts), more), more) == total(amounts)


@given(AMOUNTS)
def test_amounts_are_exact(amount: Decimal) -> None:
    """An amount is what its text says, in JSON and in CSV."""
    assert cells.number(f"{amount:f}") == cells.number(str(amount)) == amount


def test_zero_with_many_decimals() -> None:
    """OpenAI's zero does not widen a sum."""
    assert str(cells.number("0E-6176")) == "0"


def test_figures_that_are_not_known() -> None:
    """A sum knows what either side knows; nothing is not 0."""
    assert Figures(calls=1) + Figures(input_tokens=2) == Figures(1, 2)
    assert Figures(calls=1, cost_usd=Decimal(1)) + Figures(2, cost_usd=Decimal(2)) == Figures(3, cost_usd=Decimal(3))
    assert Figures().known == frozenset()


def test_numbers_of_json_are_exact(tmp_path: Path) -> None:
    """A float of JSON keeps the digits of its text."""
    text = json.dumps({"data": [usage_of("0.1234567890123456789012345")]}).replace('"@', "").replace('@"', "")

    assert exported(tmp_path, text).records[0].figures.cost_usd == Decimal("0.1234567890123456789012345")


def usage_of(digits: str) -> dict[str, Any]:
    """An activity whose usage is these digits, once the marks around them are gone."""
    return {**ACTIVITY, "usage": f"@{digits}@", "byok_usage_inference": 0}

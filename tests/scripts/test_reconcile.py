"""The reconciliation: what agrees, what is missing on either side, what it costs, and why."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from llmobs.event import CostStatus, Event, Outcome
from llmobs.pricing import load
from scripts import reconcile
from scripts.reconciliation.compare import BY, Sides, views
from scripts.reconciliation.export import Record
from scripts.reconciliation.figures import Figures
from scripts.reconciliation.judge import verdicts
from scripts.reconciliation.kinds import KINDS
from scripts.reconciliation.metered import Metered
from scripts.reconciliation.names import Keys, Models
from tests.scripts.exports import (
    ACTIVITY,
    CONSOLE_COST_CSV,
    CONSOLE_USAGE_CSV,
    KEY,
    MESSAGES,
    MONDAY,
    OPENAI_EMPTY_CSV,
    OTHER_KEY,
    PRICES,
    TUESDAY,
    anthropic_bucket,
    bucket,
    call,
    completions,
    cost,
    database,
    page,
    report_cost,
    searched,
    subscription,
)

SCRIPT = Path(reconcile.__file__)
TWO = completions("gpt-4o-2024-08-06", 2, (2000, 0, 1000), "key_a")
ABSENT = "not in the export: another account, or not settled yet"
MAPPED = ("--key-map", f"key_a={KEY}")


class Case:
    """A database, and exports beside it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys, self.code = folder, capsys, -1

    def run(self, calls: Iterable[Event], exports: Iterable[str], *arguments: str) -> str:
        """What the script prints."""
        files = []
        for at, text in enumerate(exports):
            files.append(self.folder / f"export{at}")
            files[-1].write_text(text, encoding="utf-8")
        self.code = reconcile.main([*map(str, files), "--db", str(database(self.folder, calls)), *arguments])
        return self._capsys.readouterr().out

    def answer(self, calls: Iterable[Event], exports: Iterable[str], *arguments: str) -> dict[str, Any]:
        """The same as JSON."""
        found: dict[str, Any] = json.loads(self.run(calls, exports, *arguments, "--json"), parse_float=Decimal)
        return found

    def rows(self, calls: Iterable[Event], exports: Iterable[str], *arguments: str) -> list[tuple[Any, ...]]:
        """State, model, USD and cause of what differs."""
        rows = self.answer(calls, exports, *arguments)["rows"]
        return [(row["state"], row["model"], Decimal(str(row["difference_usd"])), row["cause"]) for row in rows]


@pytest.fixture
def case(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Case:
    """An empty case, with a few prices."""
    monkeypatch.setattr(reconcile, "PRICES", tmp_path / "prices.yaml")
    (tmp_path / "prices.yaml").write_text(PRICES)
    return Case(tmp_path, capsys)


def test_both_sides_agree(case: Case) -> None:
    """Usage and costs that agree are one line and exit status 0, whatever snapshot answered."""
    costs = [cost("gpt-4o-2024-08-06, input", "0.005"), cost("gpt-4o-2024-08-06, output", 0.015)]
    calls = [call("1"), call("2", model="gpt-4o")]
    answer = case.answer(calls, [page(bucket(MONDAY, TWO)), page(bucket(MONDAY, *costs))])

    assert case.code == 0
    assert answer["rows"] == []
    (line,) = answer["summary"]
    assert (line["provider"], line["compared"], line["by"]) == ("openai", "usage and cost", ["day", "model"])
    assert (line["matched"], line["differs"], line["missing_here"], line["missing_there"]) == (1, 0, 0, 0)
    assert line["cost_usd_here"] == line["cost_usd_there"] == Decimal("0.02")
    assert line["difference_usd"] == 0


def test_equal_requests_that_are_not_counted_again(case: Case) -> None:
    """What `llmobserve_retries=skip` leaves out is billed by the provider, at list price."""
    costs = [cost("gpt-4o-2024-08-06, input", "0.005"), cost("gpt-4o-2024-08-06, output", 0.015)]
    once = call("1")
    again = structs.replace(
        call("2", "0"), list_cost_usd=once.cost_usd, cost_status=CostStatus.NOT_BILLED, policy="retries:skip"
    )
    answer = case.answer([once, again], [page(bucket(MONDAY, TWO)), page(bucket(MONDAY, *costs))])

    assert case.code == 0
    assert (answer["rows"], answer["summary"][0]["cost_usd_here"]) == ([], Decimal("0.02"))


def test_missing_on_either_side(case: Case) -> None:
    """What only one side has is named with what it costs; a row that agrees is not."""
    other = completions("gpt-4o-mini", 3, (9000, 0, 900))
    exports = [page(bucket(MONDAY, TWO, other)), page(bucket(MONDAY, cost("gpt-4o, input", 0.02)))]
    costs = page(bucket(TUESDAY, cost("gpt-4o-mini, output", 1)))
    calls = [call("1"), call("2"), call("3", "0.5", model="o3")]

    assert case.rows(calls, [*exports, costs]) == [
        ("missing here", "gpt-4o-mini", Decimal(1), "not through the proxy"),
        ("missing there", "o3", Decimal("-0.5"), ABSENT),
        ("missing here", "gpt-4o-mini", Decimal(0), "not through the proxy"),
    ]
    assert case.code == 1


def test_usage_without_costs(case: Case) -> None:
    """Where no cost is told, the difference is priced at list price and marked so."""
    usage = completions("gpt-4o-2024-08-06", 3, (1_002_000, 200_000, 1000))
    (row,) = case.answer([call("1"), call("2")], [page(bucket(MONDAY, usage))])["rows"]

    assert (row["calls_here"], row["calls_there"], row["cost_usd_there"]) == (2, 3, None)
    # 800,000 tokens at 2.50 and 200,000 cached ones at 1.25 a million
    assert (row["difference_usd"], row["estimated"]) == (Decimal("2.25"), True)
    assert row["cause"] == "1 call not through the proxy"


def test_calls_that_only_we_know_the_cost_of(case: Case) -> None:
    """Where the export tells no costs and lacks a row, the difference is what we know that it cost, no estimate."""
    calls = [call("1"), call("2"), call("3", "0.5", model="gpt-5"), call("4", "0.25", model="gpt-5")]
    unknown = call("5", None, model="o3", cost_status=CostStatus.UNPRICED, input_tokens=1_000_000, output_tokens=0)
    answer = case.answer([*calls, unknown], [page(bucket(MONDAY, TWO))])

    assert [(row["model"], row["difference_usd"], row["estimated"]) for row in answer["rows"]] == [
        ("o3", -2, True),
        ("gpt-5", Decimal("-0.75"), False),
    ]


def test_model_without_a_price(case: Case) -> None:
    """A difference in tokens of a model without a price has no cost; by key alone no price applies."""
    usage = page(bucket(MONDAY, completions("brand-new-2026-10-01", 1, (10, 0, 5), "key_a")))

    assert case.answer([], [usage])["rows"][0]["difference_usd"] is None
    assert case.answer([], [usage])["summary"][0]["difference_usd"] is None
    (row,) = case.answer([], [usage], "--by", "key", *MAPPED)["rows"]
    assert (row["key"], row["difference_usd"]) == (KEY, None)


def unmetered(key: str, status: CostStatus, **more: Any) -> Event:
    """A call whose cost is doubtful."""
    return call(
        key, None if status in (CostStatus.UNPRICED, CostStatus.PENDING) else "0.004", cost_status=status, **more
    )


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (unmetered("2", CostStatus.UNPRICED), "1 call unpriced here"),
        (unmetered("2", CostStatus.PARTIAL), "1 call known in part here"),
        (
            unmetered("2", CostStatus.ESTIMATED, outcome=Outcome.CLIENT_ABORTED),
            "1 call cut off and estimated here",
        ),
        (unmetered("2", CostStatus.ESTIMATED), "1 call estimated here"),
        (unmetered("2", CostStatus.PENDING), "1 call not done here; 1 call not through the proxy"),
        (subscription("2"), "1 call covered by a subscription here; 1 call not through the proxy"),
        (call("2", "0.004", operation="batch"), "1 call of batches whose results did not pass by"),
        (call("2", "0.004"), "same calls, other cost: a discount, a tier, or a price that is out of date"),
    ],
)
def test_causes(case: Case, event: Event, cause: str) -> None:
    """The calls that make our sum doubtful are the first suspects."""
    exports = [page(bucket(MONDAY, TWO)), page(bucket(MONDAY, cost("gpt-4o, input", 1)))]

    assert case.answer([call("1"), event], exports)["rows"][0]["cause"] == cause


def test_causes_of_costs_alone(case: Case) -> None:
    """A cost export has no usage to explain itself; unpriced calls here explain it."""
    exports = [page(bucket(MONDAY, cost("gpt-4o, input", 1)))]

    assert case.rows([call("1")], exports)[0][3] == "the export tells no usage that would explain it"
    (row,) = case.answer([unmetered("1", CostStatus.UNPRICED)], exports)["rows"]
    assert (row["state"], row["cost_usd_here"], row["cause"]) == ("differs", None, "1 call unpriced here")


def test_calls_that_the_export_lacks(case: Case) -> None:
    """More calls here than there, or more tokens where no calls are told."""
    one = completions("gpt-4o", 1, (1000, 0, 500))

    assert case.rows([call("1"), call("2")], [page(bucket(MONDAY, one))])[0][3] == "1 call not in the export"
    calls = [call(key, provider="anthropic", model="claude-sonnet-4-5") for key in "34"]
    fewer, more = MESSAGES, MESSAGES | {"output_tokens": 9999, "uncached_input_tokens": 2000}
    anthropic = [page(anthropic_bucket(MONDAY, results)) for results in (fewer, more)]
    assert case.rows(calls, anthropic[:1])[0][3] == "usage not in the export"
    assert case.rows(calls, anthropic[1:])[0][3] == "usage not through the proxy"


def test_calls_around_midnight(case: Case) -> None:
    """A call that stands on the day before there is told as that, on both days."""
    exports = page(bucket(MONDAY, completions("gpt-4o", 2, (2000, 0, 1000))), bucket(TUESDAY))

    rows = case.rows([call("1"), call("2", started_at=TUESDAY)], [exports])
    assert [row[3] for row in rows] == ["calls around midnight UTC stand on another day"] * 2


def test_what_no_bill_holds(case: Case) -> None:
    """Failed and free calls, subscriptions and jobs that are not done are left out; the last two are told."""
    free = {"cost_status": CostStatus.NOT_BILLED, "list_cost_usd": Decimal(0), "input_tokens": None}
    calls = [
        call("1", "0", outcome=Outcome.ERROR, **free),
        call("2", "0", **free),
        call("3", "0", operation="batch", **free | {"list_cost_usd": None}),
        subscription("4"),
        unmetered("5", CostStatus.PENDING),
    ]
    answer = case.answer(calls, [OPENAI_EMPTY_CSV])

    assert case.code == 0
    assert answer["rows"] == []
    assert answer["notes"] == [
        "openai: 1 call under a subscription left out, as no export bills them",
        "openai: 1 job not done when last seen, left out",
    ]


def test_free_calls_that_are_counted(case: Case) -> None:
    """A free call with tokens, such as a moderation, stands in the provider's usage and in ours."""
    free = call("1", "0", cost_status=CostStatus.NOT_BILLED, list_cost_usd=Decimal(0), output_tokens=None)
    usage = {"input_tokens": 1000, "num_model_requests": 1, "model": "gpt-4o"}

    case.run([free], [page(bucket(MONDAY, usage))])
    assert case.code == 0


def test_empty_export(case: Case) -> None:
    """Days without an entry there show what was metered here."""
    (row,) = case.rows([call("1")], [OPENAI_EMPTY_CSV])

    assert row == (
        "missing there",
        "gpt-4o",
        Decimal("-0.01"),
        ABSENT,
    )


def test_keys_on_the_map(case: Case) -> None:
    """With a map keys are told apart; one that is not on it is named."""
    results = [completions("gpt-4o", 1, (1000, 0, 500), key) for key in ("key_a", "key_b")]
    calls = [call("1"), call("2", api_key_id=OTHER_KEY)]
    answer = case.answer(calls, [page(bucket(MONDAY, *results))], *MAPPED)

    assert answer["summary"][0]["by"] == ["day", "model", "key"]
    assert [(row["key"], row["state"], row["cause"]) for row in answer["rows"]] == [
        (OTHER_KEY, "missing there", ABSENT),
        ("key_b", "missing here", "key key_b is not in --key-map"),
    ]
    assert answer["notes"] == []


def test_key_map_in_a_file(case: Case, tmp_path: Path) -> None:
    """A file maps many keys; what no map can tell apart falls back to day and model, and that is said."""
    file = tmp_path / "keys.yaml"
    file.write_text(f"key_a: {KEY}\nkey_b: {OTHER_KEY}\n")
    usage = page(bucket(MONDAY, TWO))
    costs = page(bucket(MONDAY, cost("gpt-4o, input", 0.02)))
    calls = [call("1"), call("2"), call("3", api_key_id=OTHER_KEY, started_at=MONDAY - timedelta(days=9))]
    answer = case.answer(calls, [usage, costs], "--key-map", str(file))

    assert case.code == 0
    assert [(line["compared"], line["by"]) for line in answer["summary"]] == [
        ("usage", ["day", "model", "key"]),
        ("cost", ["day", "model"]),
    ]
    assert answer["notes"] == ["openai, cost: compared without keys, as the export names none"]


def test_key_map_that_leads_nowhere(case: Case) -> None:
    """An id on the map that no call has is named with the nearest one, where there is any."""
    export = [page(bucket(MONDAY, completions("gpt-4o", 1, (1000, 0, 500), "key_a")))]
    nowhere = ("--key-map", f"key_a={KEY[:-1]}x")
    note = f"--key-map: no call here has the api_key_id {KEY[:-1]}x"

    calls = [call("1"), call("2", api_key_id=OTHER_KEY)]
    assert case.answer(calls, export, *nowhere)["notes"] == [f"{note}; did you mean {KEY}?"]
    assert case.answer([], export, *nowhere)["notes"] == [note]


def test_keys_without_a_map(case: Case) -> None:
    """Without a map, or with one that names no key of the export, the comparison says what is missing."""
    export = page(bucket(MONDAY, TWO))
    calls = [call("1"), call("2")]

    assert "ids of their own; add --key-map key_a=API_KEY_ID" in case.answer(calls, [export])["notes"][0]
    note = case.answer(calls, [export], "--key-map", "key_c=x")["notes"][0]
    assert "no key of the export is on it" in note


def test_costs_that_lag(case: Case) -> None:
    """Where costs end before usage does, what usage differs by is priced at list price."""
    usage = page(bucket(MONDAY, TWO), bucket(TUESDAY, completions("gpt-4o", 1, (1_000_000, 0, 0))))
    costs = page(bucket(MONDAY, cost("gpt-4o, input", 0.02)))

    assert case.rows([call("1"), call("2")], [usage, costs]) == [
        ("missing here", "gpt-4o", Decimal("2.5"), "not through the proxy")
    ]


def test_costs_without_line_items(case: Case) -> None:
    """Costs of a whole day are compared by day, usage by model, and the note says how to get more."""
    usage, costs = page(bucket(MONDAY, TWO)), page(bucket(MONDAY, cost(None, 0.03)))
    answer = case.answer([call("1"), searched("2", "0.02", "0.01")], [usage, costs])

    assert case.code == 0
    assert [(line["compared"], line["by"]) for line in answer["summary"]] == [
        ("usage", ["day", "model"]),
        ("cost", ["day"]),
    ]
    assert "openai, cost: compared without models, as the export names none" in answer["notes"][1]


def test_fees_of_tools(case: Case) -> None:
    """Providers bill searches on lines of their own; so do we, then."""
    lines = [cost("gpt-4o, input", 0.02), cost("web search tool calls", 0.03)]
    calls = [call("1"), searched("2", "0.02", "0.01")]

    assert case.rows(calls, [page(bucket(MONDAY, *lines))]) == [
        ("differs", "(tools)", Decimal("0.02"), "the export tells no usage that would explain it")
    ]
    assert case.rows([call("1"), call("2")], [page(bucket(MONDAY, *lines))])[0][3].startswith("tools or storage")


def test_anthropic(case: Case) -> None:
    """Usage in the API's form and cost in the Console's, whose cents are rounded line by line."""
    claude = call(
        *("1", "0.0348"),
        provider="anthropic",
        model="claude-sonnet-4-5",
        cached_input_tokens=150,
        output_tokens=400,
        charges=searched("x", "1", "0.02").charges,
    )
    usage = page(anthropic_bucket(MONDAY, MESSAGES))

    case.run([claude], [usage, CONSOLE_COST_CSV])
    assert case.code == 0
    case.run([claude], [CONSOLE_USAGE_CSV, page(anthropic_bucket(MONDAY, report_cost("3.48")))])
    assert case.code == 1


def test_openrouter(case: Case) -> None:
    """What a key of one's own paid upstream belongs to the cost, here and there."""
    known = {"provider": "openrouter", "model": "openai/gpt-4.1", "input_tokens": 10, "output_tokens": 25}
    calls = [call(str(at), "0.0054", **known) for at in range(5)]

    case.run(calls, [page(ACTIVITY)])
    assert case.code == 0


def test_two_forms_of_one_export(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    """A cost that two exports tell would count twice, so both files are named."""
    report = page(anthropic_bucket(MONDAY, report_cost("1")))
    for name, text in (("a", report), ("b", CONSOLE_COST_CSV)):
        (case.folder / name).write_text(text, encoding="utf-8")
    files = [str(case.folder / name) for name in "ab"]

    assert reconcile.main([*files, "--db", str(database(case.folder, []))]) == 2
    said = capsys.readouterr().err
    assert "tells cost_usd of claude-sonnet-4-5 on 2026-11-16" in said
    assert all(file in said for file in files)


def test_tolerance(case: Case) -> None:
    """Differences up to a share of the larger figure agree; costs agree to half a cent without it."""
    usage = completions("gpt-4o", 2, (2010, 0, 1000))
    exports = [page(bucket(MONDAY, usage)), page(bucket(MONDAY, cost("gpt-4o, input", "0.0249")))]
    calls = [call("1"), call("2")]

    case.run(calls, exports)
    assert case.code == 1
    for share, code in (("0.4%", 1), ("1%", 0)):
        case.run(calls, exports, "--tolerance", share)
        assert case.code == code


def test_period(case: Case) -> None:
    """Days are those of the export, or those that are asked for."""
    calls = [call("1"), call("2"), call("3", started_at=TUESDAY), call("4", started_at=MONDAY - timedelta(seconds=1))]
    exports = [page(bucket(MONDAY, TWO), bucket(TUESDAY))]

    assert [row[0] for row in case.rows(calls, exports)] == ["missing there"]
    for arguments, states in (
        (("--until", "2026-11-17"), []),
        (("--since", "2026-11-15", "--until", "2026-11-17"), ["missing there"]),
        (("--since", "2026-11-17"), ["missing there"]),
    ):
        assert [row[0] for row in case.rows(calls, exports, *arguments)] == states


@pytest.mark.parametrize(
    ("arguments", "days", "told"),
    [
        (("--since", "2026-11-18"), [MONDAY, TUESDAY], "2026-11-16 to 2026-11-17"),
        (("--until", "2026-11-16"), [MONDAY], "2026-11-16 alone"),
    ],
)
def test_period_that_the_export_lacks(case: Case, arguments: tuple[str, ...], days: list[datetime], told: str) -> None:
    """Where no day of the export was asked for, that is said, and exit status 2 tells it from an agreement."""
    [note, *_] = case.answer([], [page(*(bucket(day, TWO) for day in days))], *arguments)["notes"]

    assert case.code == 2
    assert note == f"openai: nothing was compared; the export tells of {told}, outside --since and --until"


@pytest.mark.parametrize(("ago", "days"), [("3d", 3), ("2w", 14)])
def test_period_that_is_so_long_ago(case: Case, ago: str, days: int) -> None:
    """Days count back from today."""
    answer = case.answer([], [OPENAI_EMPTY_CSV], "--since", ago)

    today = datetime.now(UTC).date()
    assert answer["summary"][0]["first_day"] in {str(today - timedelta(days=n)) for n in (days - 1, days, days + 1)}


def test_by(case: Case) -> None:
    """Any of day, model and key."""
    exports = [page(bucket(MONDAY, TWO), bucket(TUESDAY, TWO))]
    calls = [call(str(at)) for at in range(4)]

    case.run(calls, exports, "--by", "model")
    assert case.code == 0
    text = case.run(calls[1:], exports, "--by", "key")
    assert case.code == 1
    assert "openai: usage by all" in text


def test_all(case: Case) -> None:
    """What agrees is shown on demand."""
    text = case.run([call("1"), call("2")], [page(bucket(MONDAY, TWO))], "--all")

    assert re.search(r"2026-11-16 +gpt-4o +0 +0 +0 +0 +\$0\.00 +matched", text)


def test_tables(case: Case) -> None:
    """A summary line, the rows that differ with the largest first, then the notes."""
    other = completions("gpt-4o-mini", 1, (9000, 0, 900), "key_a")
    exports = [page(bucket(MONDAY, TWO, other)), page(bucket(MONDAY, cost("gpt-4o, input", 0.02, "key_a")))]
    calls = [call("1"), call("2"), unmetered("3", CostStatus.UNPRICED, model="o3"), call("4", "0.5", model="gpt-5")]
    text = case.run(calls, exports).splitlines()

    gap = re.compile(r"\s{2,}")
    assert [gap.split(line.strip()) for line in text if line.startswith(("openai ", "2026"))] == [
        ["openai", "usage and cost by day, model", "1", "0", "1", "2", "$0.5200", "$0.0200", "-$0.5000"],
        ["2026-11-16", "gpt-5", "-1", "-1,000", "-", "-500", "$0.5000", "-", "-$0.5000", ABSENT],
        ["2026-11-16", "gpt-4o-mini", "+1", "+9,000", "0", "+900", "-", "$0.00", "$0.00", "not through the proxy"],
        ["2026-11-16", "o3", "-1", "-1,000", "-", "-500", "?", "-", "?", f"1 call unpriced here; {ABSENT}"],
    ]
    assert text[-1].startswith("openai, usage and cost: compared without keys")


def test_csv(case: Case) -> None:
    """CSV has a line per row with both sides whole, and a heading also where nothing differs; notes go elsewhere."""
    text = case.run([call("1")], [page(bucket(MONDAY, TWO))], "--csv")
    (row,) = csv.DictReader(io.StringIO(text))

    assert (row["state"], row["calls_here"], row["calls_there"]) == ("differs", "1", "2")
    assert Decimal(row["difference_usd"]) > 0
    assert case.run([call("1"), call("2")], [page(bucket(MONDAY, TWO))], "--csv").count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--by", "colour"], "choose some of day, model, key"),
        (["--by", ","], "choose some of day, model, key"),
        (["--since", "yesterday"], "yesterday is no day; write 2026-11-20 or 7d"),
        (["--tolerance", "1"], "1 is no share; write 1% or 0.5%"),
        (["--key-map", "key_a="], "write key_abc=HASH...wxyz"),
        (["--key-map", "none.yaml"], "No such file"),
        (["--json", "--csv"], "not allowed with"),
    ],
)
def test_wrong_arguments(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake is named with what to write, and exit status 2."""
    with pytest.raises(SystemExit) as stop:
        reconcile.main(["export.csv", *arguments])

    assert stop.value.code == 2
    assert word in capsys.readouterr().err


@pytest.mark.parametrize("text", ["- a\n", "key_a: 5\n", "key_a: [\n"])
def test_key_maps_that_are_none(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that maps nothing is named."""
    (tmp_path / "keys.yaml").write_text(text)
    with pytest.raises(SystemExit):
        reconcile.main(["export.csv", "--key-map", str(tmp_path / "keys.yaml")])

    assert "keys.yaml" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has examples and the exit status."""
    with pytest.raises(SystemExit):
        reconcile.main(["--help"])

    said = capsys.readouterr().out
    assert "examples:" in said
    assert "exit status: 0 where both sides agree" in said


def test_input_that_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file or database is one line on stderr and exit status 2."""
    assert reconcile.main([str(tmp_path / "none.csv")]) == 2
    (tmp_path / "export.csv").write_text(OPENAI_EMPTY_CSV)
    assert reconcile.main([str(tmp_path / "export.csv"), "--db", str(tmp_path / "none.duckdb")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "does not exist" in said.err


@cache
def priced() -> Models:
    """The models of a few prices."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "prices.yaml"
        path.write_text(PRICES)
        return Models(load(path))


@pytest.mark.parametrize(
    ("provider", "told", "name"),
    [
        ("openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("anthropic", "Claude Sonnet 4.5", "claude-sonnet-4-5"),
        ("anthropic", "Claude Haiku 3.5", "claude-3-5-haiku"),
        ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("openrouter", "anthropic/claude-4.5-sonnet-20250929", "anthropic/claude-sonnet-4.5"),
        ("openai", "Brand New", "brand-new"),
        ("openai", "(tools)", "(tools)"),
        ("openai", None, None),
    ],
)
def test_names_of_models(provider: str, told: str | None, name: str | None) -> None:
    """Names of exports lead to the price list by its own rules; a name that no list holds stays."""
    assert priced().name(provider, told) == name


AMOUNT = st.none() | st.decimals(0, 1000, places=12)
FIGURES = st.builds(Figures, *[st.none() | st.integers(0, 10**9)] * 4, AMOUNT).filter(lambda figures: figures.known)
MODEL = st.sampled_from(["gpt-4o", "gpt-5", "o3", "none-such"])
DAY = st.sampled_from([MONDAY.date(), TUESDAY.date()])
COSTS = next(kind for kind in KINDS if kind.title == "OpenAI costs")
THEIRS = st.builds(Record, DAY, st.just(COSTS), st.just("x"), st.just("x"), MODEL, st.just(()), FIGURES)
OURS = st.builds(Metered, DAY, st.just("openai"), MODEL, st.none(), FIGURES, st.just(Decimal(0)), st.just({}))


@given(st.lists(THEIRS), st.lists(OURS))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_cent_is_lost(theirs: list[Record], ours: list[Metered]) -> None:
    """The differences of all rows are the difference of both sums, to the last digit; each side stands whole."""
    models = priced()
    for view in views(Sides("openai", theirs, ours), models, Keys({}), BY):
        found = verdicts(view, Decimal(0), models)
        assert len({verdict.row.place for verdict in found}) == len(found)
        assert sorted(found, key=lambda verdict: -abs(verdict.usd or Decimal(0))) == found
        if "cost_usd" in view.measures:
            for side, all_of in (("here", ours), ("there", theirs)):
                rows = [getattr(verdict.row, side) for verdict in found]
                assert sum(row.cost_usd or 0 for row in rows if row) == sum(
                    each.figures.cost_usd or 0 for each in all_of
                )
            told = [verdict for verdict in found if not verdict.roughly and verdict.usd is not None]
            assert all(v.usd == _cost(v.row.there) - _cost(v.row.here) for v in told)


def _cost(side: Figures | None) -> Decimal:
    return (side and side.cost_usd) or Decimal(0)


def test_command_line(case: Case) -> None:
    """The script runs from any folder, in a pipe that closes, with a terminal's width."""
    case.run([call("1")], [page(bucket(MONDAY, TWO))])
    command = f"{sys.executable} {SCRIPT} export0 --db events.duckdb | head -1"
    answer = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=case.folder, check=True)

    assert (answer.stdout, answer.stderr) == ("Summary\n", "")

"""Looking prices up: every rate with its source, every gap with the lines that close it, and nothing is written."""

import json
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import Charge, CostStatus, Event, to_row
from llmobs.pricing import PricingError, load
from scripts import prices
from tests.scripts.price_wheels import genai_wheel, litellm_wheel, model, provider, row
from tests.writer.calls import AT, ended

TEXT = """\
updated: 2026-11-01
providers:
  openai:
    name: OpenAI
    source: https://example.com/openai
    hosts: [api.openai.com]
    strip_prefixes: [openai/]
    routes:
      - {path: "**/chat/completions", dialect: openai_chat}
    aliases:
      best: gpt-x
      "gpt-x-preview*": gpt-x
    models:
      gpt-x:
        - {source: litellm, input: 4, output: 20}
        - {from: 2026-06-01, source: genai-prices, input: 2, cached_input: 1, output: 10, file_search: 2.5}
        - {from: 2026-06-01, source: litellm, batch: true, multiply: 0.5}
        - {from: 2026-06-01, source: hand, above: 200000, tier: flex, region: "eu*", variant: "hd*", hours: "16:30-00:30", days: "mon-fri", input: 3, cached_input: 1, output: 12}  # https://example.com/flex
      new:
        - {from: 2027-01-01, source: litellm, input: 1, output: 2}
  plan:
    name: A subscription
    hosts: [plan.example]
    prices_from: [openai]
    strip_prefixes: [p/]
    routes:
      - {path: "**/chat/completions", dialect: openai_chat}
    models: {}
"""  # noqa: E501 -- rules stand on one line each
MINE = """\
providers:
  openai:
    aliases: {our-best: gpt-x}
    models:
      in-house:
      - input: 1
        output: 2
"""


class Desk:
    """A price file with its pins in a folder, asked from the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.file = folder / "pricing.yaml"
        self.file.write_text(TEXT)
        self.pins = folder / "versions.json"
        self.pins.write_text('{"genai-prices": "0.1.0", "litellm": "1.0.0"}')
        self.capsys = capsys

    def run(self, command: str, *arguments: object) -> int:
        """Ask on 2026-11-20."""
        files = ("--file", self.file, "--pins", self.pins, "--date", "2026-11-20")
        return prices.main([command, *(str(argument) for argument in (*arguments, *files))])

    def says(self, *arguments: object) -> str:
        """What is printed."""
        assert self.run(*arguments) == 0  # type: ignore[arg-type]
        return self.capsys.readouterr().out

    def tells(self, *arguments: object) -> list[dict[str, object]]:
        """The rates of the first price list, as JSON."""
        [found, *_] = json.loads(self.says(*arguments, "--json"), parse_float=Decimal)
        rates: list[dict[str, object]] = found["rates"]
        return rates

    def fails(self, *arguments: object) -> str:
        """What is printed where there is no answer."""
        assert self.run(*arguments) == 1  # type: ignore[arg-type]
        return self.capsys.readouterr().err


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk of one's own."""
    return Desk(tmp_path, capsys)


SHOWN = """\
openai/gpt-x from 2026-06-01
unit          when                                              source          USD        per
──────────────────────────────────────────────────────────────────────────────────────────────
input         always                                            genai-prices      2  1,000,000
cached_input  always                                            genai-prices      1  1,000,000
output        always                                            genai-prices     10  1,000,000
file_search   always                                            genai-prices    2.5      1,000
all tokens    batch                                             litellm       x 0.5
input         above 200,000 tokens, tier flex, 16:30-00:30 UTC, Mon Tue Wed Thu Fri  hand              3  1,000,000
cached_input  above 200,000 tokens, tier flex, 16:30-00:30 UTC, Mon Tue Wed Thu Fri  hand              1  1,000,000
output        above 200,000 tokens, tier flex, 16:30-00:30 UTC, Mon Tue Wed Thu Fri  hand             12  1,000,000
price list: https://example.com/openai
hand: https://example.com/flex
openai, plan: by its name
"""


class TestShow:
    def test_whole_list(self, desk: Desk) -> None:
        """Every rate stands with its conditions, start and source, and every provider that has it is named."""
        shown = desk.says("show", "gpt-x").replace(", region eu*, hd*", "").splitlines()

        assert [line.split() for line in shown if "──" not in line] == [
            line.split() for line in SHOWN.splitlines() if "──" not in line
        ]

    def test_former_price(self, desk: Desk) -> None:
        """A price of an earlier day is shown, as the one from ever on."""
        out = desk.says("show", "gpt-x", "--at", "2026-05-31")

        assert out.startswith("openai/gpt-x until 2026-06-01\n")
        assert [rate["rate_usd"] for rate in desk.tells("show", "gpt-x", "--at", "2026-05-31")] == [4, 20]

    def test_entry_with_an_end(self, desk: Desk) -> None:
        """An entry that another one follows says until when it holds."""
        desk.file.write_text(
            TEXT.replace("from: 2027-01-01", "from: 2026-01-01").replace(
                "      new:\n", "      new:\n        - {from: 2026-09-01, source: litellm, input: 5, output: 5}\n"
            )
        )

        assert desk.says("show", "new", "--at", "2026-03-01").startswith(
            "openai/new from 2026-01-01 until 2026-09-01\n"
        )

    @pytest.mark.parametrize(
        ("name", "way"),
        [
            ("GPT-X", "openai, plan: by its name"),
            ("openai/gpt-x", "openai, plan: without its prefix"),
            ("best", "openai, plan: alias best"),
            ("gpt-x-preview-7", "openai, plan: alias gpt-x-preview*"),
            ("gpt-x-2026-03-04", "openai, plan: without its date"),
            ("best-2026-03-04", "openai, plan: without its date, alias best"),
            ("p/best", "plan: by rules of several providers"),
        ],
    )
    def test_names(self, desk: Desk, name: str, way: str) -> None:
        """The rule by which each provider came from the name to the model is told."""
        assert desk.says("show", name).splitlines()[-1] == way

    def test_alias_at_the_prices_of_another(self, desk: Desk) -> None:
        """An alias may lead to the price list of another provider."""
        desk.file.write_text(TEXT.replace("models: {}", "models: {}\n    aliases: {twin: gpt-x}"))

        assert "plan: alias twin" in desk.says("show", "twin")

    def test_one_provider(self, desk: Desk) -> None:
        """Only the provider that is asked for counts."""
        assert desk.says("show", "gpt-x", "--provider", "plan").splitlines()[-1] == "plan: by its name"

    @pytest.mark.parametrize(
        ("arguments", "rates"),
        [
            (
                ("--tokens", "10"),
                [("input", 2, ""), ("cached_input", 1, ""), ("output", 10, ""), ("file_search", Decimal("2.5"), "")],
            ),
            (
                ("--batch",),
                [
                    ("input", 1, "x 0.5 batch"),
                    ("cached_input", Decimal("0.5"), "x 0.5 batch"),
                    ("output", 5, "x 0.5 batch"),
                    ("file_search", Decimal("2.5"), ""),
                ],
            ),
        ],
    )
    def test_call(self, desk: Desk, arguments: tuple[str, ...], rates: list[tuple[object, ...]]) -> None:
        """With the terms of a call its own rates are shown, factors applied."""
        told = desk.tells("show", "gpt-x", *arguments)

        assert [(rate["unit"], rate["rate_usd"], rate["conditions"]) for rate in told] == rates

    def test_call_on_all_terms(self, desk: Desk) -> None:
        """Tokens, tier, region and the hour of the day choose the rule that says most."""
        terms = (
            "--tokens",
            250000,
            "--tier",
            "flex",
            "--region",
            "eu-west",
            "--variant",
            "hd/1",
            "--at",
            "2026-11-02T17:00",
        )
        told = desk.tells("show", "gpt-x", *terms)

        assert [rate["rate_usd"] for rate in told] == [3, 1, 12, Decimal("2.5")]
        assert {rate["note"] for rate in told} == {"https://example.com/flex", ""}

    def test_tier_without_a_price(self, desk: Desk) -> None:
        """A tier that no rule names is said to have no price."""
        out = desk.says("show", "gpt-x", "--tier", "gold")

        assert "no price for this tier" in out
        assert "unit" not in out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("best", "--tier", "gold"), "no price for this tier; such a call"),
            (("in-house", "--batch"), "no price for a batch; such a call"),
            (("varied", "--variant", "hd"), "no price for these terms; such a call"),
            (("varied", "--tier", "gold", "--batch"), "no price for this tier; such a call"),
        ],
    )
    def test_terms_without_a_price(self, desk: Desk, arguments: tuple[str, ...], words: str) -> None:
        """The term that has no price is named."""
        rules = "      in-house: [{input: 1, output: 2}]\n      varied: [{variant: sd, image: 1}]\n"
        mine = desk.folder / "mine.yaml"
        mine.write_text(f"providers:\n  openai:\n    models:\n{rules}")

        assert words in desk.says("show", *arguments, "--pricing", mine)

    @pytest.mark.parametrize("count", ["-5", "many", "1.5"])
    def test_tokens_that_are_no_count(self, desk: Desk, count: str) -> None:
        """A call has no tokens or some."""
        with pytest.raises(SystemExit) as stop:
            desk.run("show", "gpt-x", f"--tokens={count}")

        assert stop.value.code == 2
        assert f"{count} is no count of tokens" in desk.capsys.readouterr().err

    def test_dialect_that_is_none(self, desk: Desk) -> None:
        """A file that the proxy would refuse is refused here."""
        mine = desk.folder / "mine.yaml"
        mine.write_text('providers:\n  openai:\n    routes:\n      - {path: "/v1/new", dialect: openai-chat}\n')

        assert "did you mean openai_chat?" in desk.fails("show", "gpt-x", "--pricing", mine)

    def test_model_of_the_future(self, desk: Desk) -> None:
        """A model whose first price has not started says when it does."""
        assert "no price on 2026-11-20; the first one holds from 2027-01-01" in desk.says(
            "show", "new", "--at", "2026-11-20"
        )

    def test_file_of_the_user(self, desk: Desk) -> None:
        """A file on top adds models and aliases, however its rules are written."""
        mine = desk.folder / "mine.yaml"
        mine.write_text(MINE)

        assert "input   always  hand      1  1,000,000" in desk.says("show", "in-house", "--pricing", mine)
        assert "openai, plan: alias our-best" in desk.says("show", "our-best", "--pricing", mine)

    def test_unknown_names(self, desk: Desk) -> None:
        """A model or provider that is not known is answered with the nearest one."""
        assert desk.fails("show", "gtp-x") == "prices: no provider lists gtp-x; did you mean gpt-x?\n"
        assert desk.fails("show", "gpt-x", "--provider", "opnai") == "prices: no provider opnai; did you mean openai?\n"
        assert "cannot be read" in desk.fails("show", "gpt-x", "--pricing", desk.folder / "none.yaml")


def unpriced(key: str, name: str | None, **more: object) -> Event:
    """A call whose units have no rate."""
    charge = Charge("input", Decimal(1000), None, 1_000_000, None)
    unknown = {"model": None, "cost_usd": None, "cost_status": CostStatus.UNPRICED, "charges": (charge,)}
    return replace(ended(key), request_model=name, **{**unknown, **more})


CALLS = [
    unpriced("1", "gpt-y"),
    unpriced("2", "gpt-y", output_tokens=7),
    unpriced("3", "best"),
    unpriced(
        "4",
        "gpt-x",
        model="gpt-x",
        charges=(Charge("web_search", Decimal(1), None, 1000, None),),
        cost_status=CostStatus.PARTIAL,
    ),
    unpriced("5", None, operation=None, path="/v1/new", charges=()),
    unpriced("6", "zzz", provider="plan", charges=(), cost_status=CostStatus.NOT_BILLED),
    unpriced("7", "other", provider="gone"),
    unpriced("9", None, provider="lost", operation=None, path="/x", charges=(), started_at=AT - timedelta(days=1)),
    ended("8"),
]
CARD = """\
      card:
        - {source: hand, variant: eur, payment: 0.3}
        - {source: hand, variant: usd, payment: 0.3}
"""
PAYMENTS = f"  pay:\n    name: Payments\n    hosts: [pay.example]\n    models:\n{CARD}"
MISSING = """\
Without a price: 8 calls
provider  model or path  no price for  remark                     calls  input  output        last
──────────────────────────────────────────────────────────────────────────────────────────────────
openai    gpt-y          input         did you mean gpt-x?            2  2,000       7  2026-11-20
gone      other          input                                        1  1,000       -  2026-11-20
lost      /x             input         no route knows this path       1  1,000       -  2026-11-19
openai    best           input         priced by now: reprice.py      1  1,000       -  2026-11-20
openai    gpt-x          web_search                                   1  1,000       -  2026-11-20
openai    /v1/new        input         no route knows this path       1  1,000       -  2026-11-20
plan      zzz            input                                        1  1,000       -  2026-11-20

Lines for a file of your own, for `make run PRICING=FILE`; write USD in place of TODO:

providers:
  gone:
    models:
      other:
        - {input: TODO}
  lost:
    routes:
      - {path: "/x", dialect: TODO}
  openai:
    routes:
      - {path: "/v1/new", dialect: TODO}
    models:
"""


class TestMissing:
    @pytest.fixture
    def database(self, tmp_path: Path) -> Path:
        """A database with every kind of gap."""
        path = tmp_path / "events.duckdb"
        with store.writing(path) as db:
            db.load([to_row(event) for event in CALLS], {})
        return path

    def test_gaps(self, desk: Desk, database: Path) -> None:
        """Models, fees and paths without a price are listed with their use, and the lines that would close the gap."""
        out = desk.says("missing", "--db", database)

        assert out.startswith(MISSING)
        rules = out.partition("      gpt-x:\n")[2].partition("      # or")[0].splitlines()
        assert rules[:-1] == TEXT.partition("      gpt-x:\n")[2].partition("      new:")[0].splitlines()
        assert rules[-1] == "        - {from: 2026-06-01, web_search: TODO}"
        same = (
            "      # or, if it is the same model, under aliases: gpt-y: gpt-x\n      gpt-y:\n        - {input: TODO}\n"
        )
        assert same in out
        assert "best:" not in out

    def test_lines_are_no_prices(self, desk: Desk, database: Path) -> None:
        """The lines stop the start until each TODO is a price, and then they close the gap."""
        lines = json.loads(desk.says("missing", "--db", database, "--json"))["yaml"]
        mine = desk.folder / "mine.yaml"
        mine.write_text(
            lines.replace("  gone:\n", "  gone:\n    hosts: [gone.example]\n").replace(
                "  lost:\n", "  lost:\n    hosts: [lost.example]\n"
            )
        )
        with pytest.raises(PricingError, match="'TODO' is not a number"):
            load(desk.file, mine)

        mine.write_text(mine.read_text().replace("dialect: TODO", "dialect: openai_chat").replace("TODO", "3"))

        out = desk.says("missing", "--db", database, "--pricing", mine)
        assert out.count("priced by now") == 5
        assert "/v1/new" in out, "its calls have to be made anew"

    def test_period(self, desk: Desk, database: Path) -> None:
        """Only calls of the period count."""
        out = desk.says("missing", "--db", database, "--since", "2027-01-01")

        assert out == f"{database}: every call of a known usage has a price.\n"

    def test_path_whose_answer_has_no_usage(self, desk: Desk, tmp_path: Path) -> None:
        """A path that no route knows is listed once, whatever models its bodies name and even without any usage."""
        path = tmp_path / "paths.duckdb"
        silent: dict[str, object] = {"operation": None, "path": "/v1/new", "charges": (), "usage": None}
        with store.writing(path) as db:
            db.load([to_row(unpriced(name, name, input_tokens=None, **silent)) for name in ("gpt-x", "gpt-y")], {})

        [gap] = json.loads(desk.says("missing", "--db", path, "--json"))["missing"]
        assert (gap["path"], gap["model"], gap["like"], gap["calls"]) == ("/v1/new", None, None, 2)

    def test_fee_that_no_call_names(self, desk: Desk, tmp_path: Path) -> None:
        """What is sold by variant gets a line for each variant that was used, under the name of the price list."""
        path = tmp_path / "payments.duckdb"
        fee = (Charge("payment", Decimal(1), None, 1, None),)
        card: dict[str, object] = {"provider": "pay", "model": "card", "charges": fee}
        with store.writing(path) as db:
            db.load([to_row(unpriced(f"{at}", None, variant="jpy", **card)) for at in range(2)], {})
            db.load([to_row(unpriced("2", None, provider="unnamed", charges=fee))], {})
        desk.file.write_text(TEXT + PAYMENTS)

        out = desk.says("missing", "--db", path)
        assert "card (jpy)" in out
        lines = out.partition("providers:\n")[2]
        assert lines == f"  pay:\n    models:\n{CARD}        - {{variant: jpy, payment: TODO}}\n"
        mine = desk.folder / "mine.yaml"
        mine.write_text("providers:\n" + lines.replace("TODO", "40"))
        assert "priced by now" in desk.says("missing", "--db", path, "--pricing", mine)

    @pytest.mark.parametrize("key", ["search", "gpt-y"])
    def test_variant_that_decides_nothing(self, desk: Desk, tmp_path: Path, key: str) -> None:
        """A unit that no rule sells by variant gets a line without conditions, whatever variant its calls were of."""
        path = tmp_path / "variants.duckdb"
        with store.writing(path) as db:
            db.load([to_row(unpriced(each, key, variant=each)) for each in ("low", "high")], {})
        desk.file.write_text(
            TEXT.replace("      new:", "      search:\n        - {variant: low, web_search: 5}\n      new:")
        )

        assert "        - {input: TODO}\n" in desk.says("missing", "--db", path)

    def test_no_gap_left(self, desk: Desk, tmp_path: Path) -> None:
        """Where all is priced by now there are no lines to write."""
        path = tmp_path / "few.duckdb"
        with store.writing(path) as db:
            db.load([to_row(unpriced("1", "best"))], {})

        assert "Lines for" not in desk.says("missing", "--db", path)

    def test_no_database(self, desk: Desk) -> None:
        """A missing database is one line."""
        assert "does not exist" in desk.fails("missing", "--db", desk.folder / "none.duckdb")


AGE = """\
Prices as of 2026-11-01, 19 days old

Public price lists
package       refreshed from  installed
───────────────────────────────────────
genai-prices           0.1.0      {}
litellm                1.0.0          -

Rules
provider  models  genai-prices  litellm  hand  dated      newest
────────────────────────────────────────────────────────────────
openai         2             1        3     1      4  2027-01-01
rules by who gave them; dated: with a start of their own, others hold from ever on

Dated prices that stood longest
provider  model  source             since
─────────────────────────────────────────
openai    gpt-x  genai-prices  2026-06-01
"""


def test_age(desk: Desk) -> None:
    """The age of the list, who gave its rules, and the prices that have not changed for longest."""
    told = json.loads(desk.says("age", "--json"))
    out = desk.says("age")

    assert out == AGE.format(told["packages"][0]["installed"])
    assert told["days"] == 19


class TestDiff:
    def test_what_a_refresh_would_do(self, desk: Desk) -> None:
        """Added, changed and contradicted prices are told, and the file stays as it is."""
        genai_wheel(
            desk.folder, provider("openai", model("gpt-x", "input_mtok=Decimal('1'), output_mtok=Decimal('10')"))
        )
        litellm_wheel(desk.folder, {"gpt-z": row("openai", 1e-06, 3e-06)})

        out = desk.says("diff", "--sources", desk.folder)

        assert "would be added: 1\n  openai/gpt-z: input 1, output 3\n" in out
        assert "would change: 1\n  openai/gpt-x from 2026-11-20: input 2 -> 1\n" in out
        assert "from genai-prices 0.1.0, litellm 1.0.0; last refreshed from genai-prices 0.1.0, litellm 1.0.0" in out
        assert desk.file.read_text() == TEXT

    def by_hand(self, desk: Desk, price: str, **version: str) -> None:
        """A source of a version, for a price that is made by hand here."""
        desk.file.write_text(
            TEXT.replace("source: litellm, input: 1,", "source: hand, input: 1,").replace("2027", "2026")
        )
        genai_wheel(
            desk.folder,
            provider("openai", model("new", f"input_mtok=Decimal('{price}'), output_mtok=Decimal('2')")),
            **version,
        )

    def test_hand_made_price_that_upstream_changed(self, desk: Desk) -> None:
        """A contradiction that is new since the last refresh is flagged, an old one is told."""
        litellm_wheel(desk.folder, {})
        self.by_hand(desk, "7")
        flagged = "  openai/new: input 1, genai-prices says 7"
        assert f"{flagged}\n" in desk.says("diff", "--sources", desk.folder)

        self.by_hand(desk, "8", version="0.2.0")
        out = desk.says("diff", "--sources", desk.folder)

        assert "  openai/new: input 1, genai-prices says 8  <- changed since the last refresh\n" in out
        assert json.loads(desk.says("diff", "--sources", desk.folder, "--json"))["moved"] == [
            "openai/new: input 1, genai-prices says 8"
        ]

    def test_former_packages_are_gone(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the packages of the last refresh it is told that nothing can be flagged."""
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        litellm_wheel(desk.folder, {})
        self.by_hand(desk, "8", version="0.2.0")
        out = desk.says("diff", "--sources", desk.folder)

        assert "genai-prices says 8\n" in out
        assert "What changed since then is not known" in out

    def test_no_packages(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where no package is to be had, the advice is that of the refresh."""
        monkeypatch.setenv("PIP_NO_INDEX", "1")

        assert "cannot get genai-prices" in desk.fails("diff")

    def test_file_in_another_form(self, desk: Desk) -> None:
        """A price file that a refresh could not write is refused."""
        litellm_wheel(desk.folder, {})
        genai_wheel(desk.folder, "")
        desk.file.write_text("providers:\n  openai:\n    models:\n      m:\n      - input: 1\n")

        assert "line 5" in desk.fails("diff", "--sources", desk.folder)


def test_as_a_program(desk: Desk) -> None:
    """It runs from any folder, and its help has examples."""
    command = [sys.executable, prices.__file__, "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=desk.folder, check=True)

    assert "prices.py show gpt-4o" in answer.stdout

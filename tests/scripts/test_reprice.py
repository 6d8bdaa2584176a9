"""Costs reckoned anew: the same prices change nothing, a later price gives what the call would have cost."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from llmobs import store
from llmobs.event import CostStatus, Event, Outcome, to_row
from llmobs.hooks import addon
from llmobs.pricing import PriceBook
from scripts import reprice
from scripts.reprice_parts import rows
from scripts.reprice_parts.rebuilt import origin
from scripts.reprice_parts.renewed import renewed
from tests.books import BOOK, TEXT, book
from tests.hooks.test_addon import ASKED, CHAT, SSE, STREAM, Proxy
from tests.scripts.past_calls import attempt, calls
from tests.store.files import held

type Past = Callable[[PriceBook], Event]

FIRST_ROUTE = '- {path: "/v1/moderations"'


def routed(rule: str) -> PriceBook:
    """The test prices with one more route at OpenAI."""
    return book(TEXT.replace(FIRST_ROUTE, f"- {{{rule}}}\n    {FIRST_ROUTE}"))


NAMELESS = book(TEXT.replace("-x:", "-old:"))


@settings(deadline=None)
@given(calls())
def test_same_prices_change_nothing(call: Past) -> None:
    """A row of the addon comes out of the same prices as it is, or is left alone."""
    row = call(BOOK)

    assert renewed(BOOK, row) in (None, row)


@settings(deadline=None)
@given(calls())
def test_price_that_came_later(call: Past) -> None:
    """A call without a price gets, once there is one, what it would have cost with it."""
    then, wanted = call(NAMELESS), call(BOOK)
    now = renewed(BOOK, then)

    if now is not None and then.cost_status is CostStatus.UNPRICED:
        assert (now.cost_usd, now.model, now.input_tokens, now.output_tokens) == (
            wanted.cost_usd, wanted.model, wanted.input_tokens, wanted.output_tokens,
        )  # fmt: skip


def past(prices: PriceBook = BOOK, model: str = "gpt-x", **more: object) -> Event:
    """A chat call of 1,000 tokens in and 100 out."""
    made = attempt(prices, "openai", "/v1/chat/completions")
    made.ask(json.dumps({"model": model}).encode(), 20)
    made.status_code = 200
    made.meter.feed(b'{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100}}')
    return replace(made.event(Outcome.OK), **more)


class TestOneRow:
    def test_pending(self) -> None:
        """Work that goes on is priced when it ends, not here."""
        assert renewed(BOOK, past(cost_status=CostStatus.PENDING, cost_usd=None)) is None

    def test_provider_that_no_file_names(self) -> None:
        """The rows of a provider that was taken out of the files stay as they are."""
        assert renewed(BOOK, past(provider="gone")) is None

    def test_batch_whose_lines_carry_the_cost(self) -> None:
        """What was settled as not billed stays so, whatever its usage would cost."""
        row = past(cost_status=CostStatus.NOT_BILLED, cost_usd=Decimal(0), list_cost_usd=Decimal(0), price_version=None)

        assert renewed(BOOK, row) is None

    def test_kill_before_any_usage(self) -> None:
        """A call that a kill ended, and that is partial without a figure, stays so."""
        row = past(
            cost_status=CostStatus.PARTIAL, outcome=Outcome.INTERRUPTED, usage=None, charges=(), cost_usd=None
        )  # fmt: skip

        assert renewed(BOOK, row) is None

    def test_provider_said_what_it_costs(self) -> None:
        """Where the provider's own figure is not in the usage, it is not replaced by ours."""
        assert renewed(BOOK, past(cost_status=CostStatus.PROVIDER_REPORTED, cost_usd=Decimal(7))) is None

    def test_list_price_of_an_earlier_answer(self) -> None:
        """A row that was settled by an answer without quantities keeps the list price that an earlier one told."""
        made = attempt(BOOK, "openrouter", "/v1/chat/completions")
        made.status_code = 200
        made.meter.feed(b'{"choices":[{"finish_reason":"stop"}],"usage":{"cost":1.5}}')
        settled = made.event(Outcome.OK)

        assert renewed(BOOK, settled) == settled
        assert renewed(BOOK, replace(settled, list_cost_usd=Decimal("1.4"))) is None

    def test_usage_that_was_stored_as_text(self) -> None:
        """A usage object that the table took as a JSON string only is read all the same."""
        row = past(NAMELESS)
        now = renewed(BOOK, replace(row, usage=json.dumps(row.usage)))

        assert now is not None
        assert now.cost_usd == past().cost_usd

    def test_usage_that_is_no_object(self) -> None:
        """What is no object is no usage; the tokens that were charged stay."""
        assert renewed(BOOK, row := past(cost_status=CostStatus.ESTIMATED, usage="[]", operation="chat")) is row

    def test_path_that_is_free_now(self) -> None:
        """A path of no route that a file now calls free costs nothing."""
        made = attempt(BOOK, "openai", "/v1/nowhere")
        made.status_code = 200
        free = routed('path: "/v1/nowhere", free: true')
        now = renewed(free, made.event(Outcome.OK))

        assert now is not None
        assert (now.cost_status, now.cost_usd) == (CostStatus.NOT_BILLED, Decimal(0))

    def test_path_that_has_a_route_now(self) -> None:
        """A path of no route that a file now gives a dialect is metered from its stored usage, and named."""
        made = attempt(BOOK, "openai", "/v1/nowhere")
        made.ask(b'{"model":"gpt-x"}', 20)
        made.status_code = 200
        made.meter.feed(b'{"usage":{"prompt_tokens":1000,"completion_tokens":100}}')
        prices = routed('path: "/v1/nowhere", dialect: openai_chat')
        now = renewed(prices, made.event(Outcome.OK))

        assert now is not None
        assert (now.operation, now.cost_status, now.cost_usd) == ("chat", CostStatus.EXACT, past().cost_usd)

    @pytest.mark.parametrize(
        ("usage", "dialect"),
        [
            ({"prompt_tokens": 1000, "completion_tokens": 100}, "openai_chat"),
            ({"input_tokens": 1000}, "openai_responses"),
        ],
    )
    def test_line_of_a_batch(self, usage: dict[str, int], dialect: str) -> None:
        """A line of an output file is read by the dialect of its answer, at the batch rate."""
        batches = routed('path: "**/files/{id}/content", method: GET, dialect: openai_batch_results')
        row = past(
            path="/v1/files/f/content", method="GET", results_id="f", job_id="f/1", service_tier="batch",
            usage=json.dumps(usage), cost_status=CostStatus.UNPRICED, charges=(), cost_usd=None,
        )  # fmt: skip
        at = origin(batches, row)
        now = renewed(batches, row)

        assert at is not None
        assert at.dialect.name == dialect
        assert now is not None
        assert now.charges[0].rate_usd == 1

    @pytest.mark.parametrize(
        ("outcome", "status", "wanted"),
        [
            (Outcome.OK, CostStatus.UNPRICED, CostStatus.EXACT),
            (Outcome.UPSTREAM_ABORTED, CostStatus.UNPRICED, CostStatus.PARTIAL),
            (Outcome.CLIENT_ABORTED, CostStatus.ESTIMATED, CostStatus.ESTIMATED),
            (Outcome.CLIENT_ABORTED, CostStatus.PARTIAL, CostStatus.PARTIAL),
            (Outcome.CLIENT_ABORTED, CostStatus.EXACT, CostStatus.EXACT),
        ],
    )
    def test_endings(self, outcome: Outcome, status: CostStatus, wanted: CostStatus) -> None:
        """What was known of the usage when a call ended stays as sure as it was."""
        now = renewed(DEARER, past(outcome=outcome, cost_status=status))

        assert now is not None
        assert (now.cost_status, now.cost_usd) == (wanted, Decimal("0.005"))


def claude() -> Event:
    """A call at Anthropic."""
    made = attempt(BOOK, "anthropic", "/v1/messages")
    made.ask(b'{"model":"claude-x"}', 20)
    made.status_code = 200
    made.meter.feed(b'{"model":"claude-x","usage":{"input_tokens":1000,"output_tokens":100}}')
    return made.event(Outcome.OK)


DEARER = book(TEXT.replace("{input: 2, cached_input: 1,", "{input: 4, cached_input: 1,"))
AT = past().started_at
LATER = timedelta(days=1)
CALLS = [
    past(event_id="1"),
    past(event_id="2", started_at=AT + LATER),
    past(NAMELESS, event_id="3", started_at=AT + LATER),
    replace(claude(), event_id="4"),
    past(NAMELESS, "never-heard-of", event_id="5"),
    past(event_id="6", cost_status=CostStatus.PENDING, cost_usd=None, charges=()),
    past(event_id="7", provider="gone"),
]
DRY = """\
New costs: 3 calls
day         model  status               calls    before    after  difference  at list
─────────────────────────────────────────────────────────────────────────────────────
2026-11-20  gpt-x                           1   $0.0030  $0.0050     $0.0020  $0.0020
2026-11-21  gpt-x  1 unpriced -> exact      2  ≥$0.0030  $0.0100     $0.0070  $0.0070

total                                       3  ≥$0.0060  $0.0150     $0.0090  $0.0090
difference: of what is known; at list: at list price, also where a plan pays or the provider says what

1 call without a price before, with one now.
1 call left alone: no price decides their cost, or too little is stored.
1 call not looked at: pending, from the cache, or of no known provider.
{}: 6 calls looked at, nothing written. --apply writes the new costs and keeps the former ones.
"""


APPLY = "--apply writes the new costs and keeps the former ones."


class Desk:
    """A database and price files in a folder, asked from the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.database, self.file = folder / "events.duckdb", folder / "pricing.yaml"
        self.file.write_text(TEXT)
        with store.writing(self.database) as db:
            db.load([to_row(event) for event in CALLS], {})

    def dearer(self) -> Path:
        """A file of one's own with another price."""
        mine = self.folder / "mine.yaml"
        mine.write_text(
            "providers:\n  openai:\n    models:\n      gpt-x:\n      - {input: 4, cached_input: 1, output: 10}\n"
        )
        return mine

    def run(self, *arguments: object) -> int:
        """Reckon anew."""
        whole = ("--db", self.database, "--file", self.file, *arguments)
        return reprice.main([str(argument) for argument in whole])

    def says(self, *arguments: object) -> str:
        """What is printed."""
        assert self.run(*arguments) == 0
        return self.capsys.readouterr().out

    def tells(self, *arguments: object) -> dict[str, object]:
        """The same as JSON."""
        found: dict[str, object] = json.loads(self.says(*arguments, "--json"), parse_float=Decimal)
        return found

    def rows(self, sql: str = "SELECT event_id, cost_usd, cost_status FROM events ORDER BY 1") -> list[store.Row]:
        """The answer to a query."""
        return store.read(self.database, sql).rows


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk of one's own."""
    return Desk(tmp_path, capsys)


def test_dry_run(desk: Desk) -> None:
    """Without --apply the difference is shown by day and model, and nothing is written."""
    before = desk.rows()
    out = desk.says("--pricing", desk.dearer())

    assert [line.rstrip() for line in out.splitlines()] == DRY.format(desk.database).splitlines()
    assert desk.rows() == before


def test_apply(desk: Desk) -> None:
    """With --apply the rows have their new costs, and the former ones are kept beside them."""
    out = desk.says("--pricing", desk.dearer(), "--apply")

    assert "3 rows written; the former costs are in the table repricings" in out
    assert desk.rows()[:3] == [(key, Decimal("0.005"), "exact") for key in "123"]
    former = desk.rows("SELECT event_id, cost_usd, cost_status, model, charges[1].rate_usd FROM repricings ORDER BY 1")
    assert former == [
        ("1", Decimal("0.003"), "exact", "gpt-x", 2),
        ("2", Decimal("0.003"), "exact", "gpt-x", 2),
        ("3", None, "unpriced", None, None),
    ]
    [(charges,)] = desk.rows("SELECT charges FROM events WHERE event_id = '3'")
    assert charges == desk.rows("SELECT charges FROM events WHERE event_id = '1'")[0][0]


def test_again(desk: Desk) -> None:
    """Each repricing of a row keeps the cost before it; one that changes nothing writes nothing."""
    desk.says("--pricing", desk.dearer(), "--apply")
    assert "every cost stays as it is" in desk.says("--pricing", desk.dearer(), "--apply")
    desk.says("--apply")

    kept = desk.rows("SELECT cost_usd FROM repricings WHERE event_id = '1' ORDER BY repriced_at")
    assert kept == [(Decimal("0.003"),), (Decimal("0.005"),)]
    assert desk.rows()[0][1] == Decimal("0.003")


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        (("--since", "2026-11-21"), 2),
        (("--until", "2026-11-21"), 1),
        (("--provider", "anthropic"), 0),
        (("--model", "gpt-x"), 3),
        (("--model", "never-heard-of"), 0),
    ],
)
def test_part_of_the_history(desk: Desk, arguments: tuple[str, ...], changed: int) -> None:
    """Period, provider and model choose the calls."""
    assert desk.tells("--pricing", desk.dearer(), *arguments)["changed"] == changed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--provider", "opnai"),
            "holds no finished call of provider opnai; no such provider is known, did you mean openai?",
        ),
        (("--provider", "openai", "--model", "zzz"), "holds no finished call of provider openai and model zzz\n"),
        (("--model", "gpt-x", "--since", "2027-01-01"), "holds no finished call of model gpt-x in that time\n"),
    ],
)
def test_part_that_is_empty(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    """A provider or a model that no call is of is named, with the nearest provider, and exit status 2."""
    assert desk.run(*arguments) == 2
    assert words in desk.capsys.readouterr().err


class TestLostPrices:
    LOST = "2 calls had a price and would have none"

    @pytest.fixture
    def cheap(self, desk: Desk) -> Desk:
        """A desk whose prices no longer know a model that calls were priced by."""
        desk.file.write_text(TEXT.replace("      gpt-x:\n", "      gpt-renamed:\n").replace(": gpt-x", ": gpt-renamed"))
        return desk

    def test_dry_run(self, cheap: Desk) -> None:
        """Calls that would lose their price are counted, with the likely reason."""
        assert f"{self.LOST} now: was --pricing forgotten?" in cheap.says()
        assert cheap.tells()["no_longer_priced"] == 2

    def test_refusal(self, cheap: Desk) -> None:
        """Prices are not taken away by accident."""
        before = cheap.rows()

        assert cheap.run("--apply") == 2
        assert f"reprice: {self.LOST}; nothing was written." in cheap.capsys.readouterr().err
        assert cheap.rows() == before

    def test_on_purpose(self, cheap: Desk) -> None:
        """With --drop-prices they are."""
        cheap.says("--apply", "--drop-prices")

        assert cheap.rows()[:2] == [("1", None, "unpriced"), ("2", None, "unpriced")]


def test_every_call_of_the_report_is_told(desk: Desk) -> None:
    """What is looked at and what is not are together all calls, or those that are asked for."""
    more = [past(event_id="8", policy="cache"), past(event_id="9", provider=None, started_at=AT + 9 * LATER)]
    with store.writing(desk.database) as db:
        db.load([to_row(event) for event in more], {})

    for asked, figures in {(): (6, 3), ("--since", "2026-11-28"): (0, 1), ("--provider", "anthropic"): (1, 0)}.items():
        told = desk.tells(*asked)
        assert (told["calls"], told["others"]) == figures
    assert "not looked at" not in desk.says("--provider", "anthropic")


def test_json(desk: Desk) -> None:
    """Programs get every figure with every digit."""
    told = desk.tells("--pricing", desk.dearer())

    assert (told["calls"], told["changed"], told["now_priced"], told["left"]) == (6, 3, 1, 1)
    assert told["others"] == 1
    assert told["groups"][1] == {  # type: ignore[index]
        "day": "2026-11-21",
        "model": "gpt-x",
        "calls": 2,
        "before_usd": Decimal("0.003"),
        "before_unknown": 1,
        "after_usd": Decimal("0.01"),
        "after_unknown": 0,
        "difference_usd": Decimal("0.007"),
        "list_difference_usd": Decimal("0.007"),
        "statuses": {"unpriced -> exact": 1},
    }


def test_row_that_changed_meanwhile(desk: Desk) -> None:
    """A row that is no longer what was reckoned with keeps what the proxy made of it."""
    lines = desk.folder / "lines"
    old, new = past(event_id="1"), past(event_id="1", cost_usd=Decimal(9))
    lines.write_bytes(
        rows.line(replace(old, cost_status=CostStatus.ESTIMATED), new)
        + rows.line(replace(old, event_id="2"), replace(new, event_id="2"))
    )

    with store.writing(desk.database) as db:
        assert db.reprice(lines, AT.replace(tzinfo=None)) == 1

    assert [cost for _, cost, _ in desk.rows()[:2]] == [Decimal("0.003"), Decimal(9)]


def test_trouble(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, wrong or locked is one line on standard error, and nothing is written."""
    assert desk.run("--pricing", desk.folder / "none.yaml") == 1
    assert "cannot be read" in desk.capsys.readouterr().err
    assert reprice.main(["--db", str(desk.folder / "none.duckdb"), "--file", str(desk.file)]) == 1
    assert "does not exist" in desk.capsys.readouterr().err
    monkeypatch.setattr(reprice, "WAIT_SECONDS", 0.1)
    with held(desk.database, "reader"):
        assert desk.run("--pricing", desk.dearer(), "--apply") == 1
    assert "is locked by" in desk.capsys.readouterr().err


def test_interrupted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C while costs are reckoned leaves the database as it was."""
    before = desk.rows()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reprice, "renewed", stop)

    assert desk.run("--pricing", desk.dearer(), "--apply") == 130
    assert "nothing was changed" in desk.capsys.readouterr().err
    assert desk.rows() == before


def test_nothing_to_tell(desk: Desk) -> None:
    """Where every call has a new cost and had one before, the table says it all but what is pending."""
    out = desk.says(
        "--pricing", desk.dearer(), "--until", "2026-11-21", "--provider", "openai", "--model", "gpt-x"
    ).splitlines()

    assert out[-3:] == [
        "",
        "1 call not looked at: pending, from the cache, or of no known provider.",
        f"{desk.database}: 1 call looked at, nothing written. {APPLY}",
    ]


def test_rows_of_the_addon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the addon stored under some prices comes out of the same prices as it is."""
    prices = tmp_path / "pricing.yaml"
    prices.write_text(TEXT)
    monkeypatch.setattr(addon, "PRICES", prices)
    proxy = Proxy(tmp_path)
    proxy.call(proxy.flow(), CHAT)
    proxy.call(proxy.flow(STREAM), SSE[:40], SSE[40:], content_type="text/event-stream")
    proxy.call(proxy.flow(STREAM), SSE.partition(b"\n\n")[0] + b"\n\n", content_type="text/event-stream")
    proxy.call(proxy.flow(), b'{"error":{"type":"quota"}}', status=429)
    proxy.call(proxy.flow(path="/v1/nowhere"), b'{"usage":{"tokens":5}}')
    proxy.call(proxy.flow(path="/v1/moderations"), b"{}")
    proxy.call(proxy.flow(ASKED.replace(b"gpt-x", b"gpt-y")), CHAT.replace(b"gpt-x", b"gpt-y"))
    proxy.call(proxy.flow(host="plan.example"), CHAT)
    assert {row["cost_status"] for row in proxy.rows()} == {"exact", "estimated", "not_billed", "unpriced"}

    assert reprice.main(["--db", str(proxy.database), "--file", str(prices)]) == 0
    assert "8 calls looked at, every cost stays as it is." in capsys.readouterr().out


def test_what_was_counted_once_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An equal request that was left out of the bill costs nothing at any price."""
    prices = tmp_path / "pricing.yaml"
    prices.write_text(TEXT)
    monkeypatch.setattr(addon, "PRICES", prices)
    proxy = Proxy(tmp_path, llmobserve_retries="skip")
    for _ in range(2):
        proxy.call(proxy.flow(), CHAT)
    proxy.addon.done()
    prices.write_text(TEXT.replace("{input: 2, cached_input: 1,", "{input: 4, cached_input: 1,"))

    assert reprice.main(["--db", str(proxy.database), "--file", str(prices), "--apply"]) == 0
    rows = sorted(proxy.rows("cost_usd, cost_status, policy"), key=lambda row: -row["cost_usd"])
    assert [float(row["cost_usd"]) for row in rows] == [0.00006, 0]
    assert [row["cost_status"] for row in rows] == ["exact", "not_billed"]
    assert [row["policy"] for row in rows] == [None, "retries:skip"]


@pytest.mark.parametrize("model", ["gpt-x", "gpt-old"])
def test_a_refusal_that_is_billed(model: str) -> None:
    """A refused prompt that the provider bills is reckoned anew as it would have been estimated."""
    azure = TEXT.replace("hosts: [api.openai.com]", "hosts: [api.openai.com]\n    billed_errors: [content_filter]")
    made = attempt(book(azure.replace("gpt-x:", f"{model}:")), "openai", "/v1/chat/completions")
    made.ask(ASKED, len(ASKED))
    made.status_code = 400
    made.meter.feed(b'{"error":{"type":null,"code":"content_filter","message":"m"}}')
    then = made.event(Outcome.OK)
    now = renewed(book(azure), then)

    assert then.cost_status is (CostStatus.UNPRICED if model == "gpt-old" else CostStatus.ESTIMATED)
    assert now is not None
    assert (now.cost_status, now.output_tokens, now.model) == (CostStatus.ESTIMATED, 0, "gpt-x")
    assert now.cost_usd == Decimal(2 * (now.input_tokens or 0)) / 1_000_000 > 0


def test_as_a_program(desk: Desk) -> None:
    """It runs from any folder with our prices, and its help has examples."""
    command = [sys.executable, reprice.__file__]
    answer = subprocess.run([*command, "--help"], capture_output=True, text=True, cwd=desk.folder, check=True)

    assert "reprice.py --provider openai" in answer.stdout

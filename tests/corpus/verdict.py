"""Compares a row of `events` with what the oracle expects of it; it knows the columns, not how they are filled."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tests.corpus.expected import Expected, State
from tests.corpus.oddities import waived
from tests.corpus.oracle import Case
from tests.corpus.recording import Exchange
from tests.corpus.replay import Replay, Row, paired

COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
ONE_PERCENT, MILLIONTH = Decimal("0.01"), Decimal("0.000001")
ROUNDING_USD = Decimal("0.0000000001")
# The step of the column.
QUANTITY_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One case, the rows it got, and every disagreement in words, by check."""

    case: Case
    rows: tuple[Row, ...]
    faults: tuple[tuple[str, str], ...]

    @property
    def exchange(self) -> Exchange:
        """The first exchange that tells of it."""
        return self.case.exchanges[0]

    @property
    def expected(self) -> Expected:
        """What was expected."""
        return self.case.expected

    @property
    def row(self) -> Row:
        """The row, empty where there is none."""
        return self.rows[0] if self.rows else {}

    @property
    def priced(self) -> bool:
        """Whether the row knows a cost."""
        return self.row.get("cost_usd") is not None

    def failed(self, *checks: str) -> list[str]:
        """The disagreements of some checks."""
        return [f"{self.exchange.label}: {check}: {text}" for check, text in self.faults if check in checks]


def verdicts(run: Replay) -> list[Verdict]:
    """What to say about each case of a run."""
    return [
        Verdict(case, rows, tuple(_faults(case.exchanges[0], case.expected, rows)))
        for case, rows in paired(run.cases, run.rows)[0]
    ]


def _faults(exchange: Exchange, expected: Expected, rows: tuple[Row, ...]) -> Iterator[tuple[str, str]]:
    if not expected.metered:
        for row in rows:
            if row["cost_usd"] or row["input_tokens"] or row["output_tokens"] or row["cost_status"] == "pending":
                yield "free", f"{expected.excluded_reason}, but the row says {_said(row)}"
        return
    if len(rows) != 1:
        yield "rows", f"{len(rows)} rows instead of 1"
    for row in rows[:1]:
        yield from _identity(expected, row)
        yield from _progress(expected, row)
        if expected.has_usage:
            yield from _tokens(expected, row)
            yield from _quantities(expected, row)
            yield from _money(exchange, expected, row)
        elif expected.excluded_reason and row["cost_usd"]:
            yield "free", f"{expected.excluded_reason}, but the row says {_said(row)}"
        elif row["cost_status"] == "exact" and row["cost_usd"]:
            yield "honest", f"no usage, but the row says {_said(row)}"


def _progress(expected: Expected, row: Row) -> Iterator[tuple[str, str]]:
    """Work that goes on is pending, a batch whose lines were seen is not billed, and nothing else is pending."""
    pending = expected.state is State.PENDING
    if pending != (row["cost_status"] == "pending") or (pending and row["cost_usd"] is not None):
        yield "state", f"{expected.state or 'an answer'}, but the row says {_said(row)}"
    if expected.billed_by_lines and (row["cost_status"] != "not_billed" or row["cost_usd"] or row["input_tokens"]):
        yield "state", f"its lines are billed, but the row says {_said(row)}"
    if expected.line and row["results_id"] not in expected.results:
        yield "state", f"a line of {row['results_id']} instead of {sorted(expected.results)}"
    if expected.state is State.FAILED and not expected.has_usage and row["cost_usd"]:
        yield "free", f"failed, but the row says {_said(row)}"


def _quantities(expected: Expected, row: Row) -> Iterator[tuple[str, str]]:
    for unit, wanted in expected.quantities.items():
        got = sum((c["quantity"] for c in _list(row["charges"]) if c["unit"] == unit), Decimal(0))
        if abs(got - wanted) > QUANTITY_STEP:
            yield "quantities", f"{unit} {got.normalize():f} instead of {wanted}"


def _identity(expected: Expected, row: Row) -> Iterator[tuple[str, str]]:
    if row["provider"] != expected.provider:
        yield "provider", f"{row['provider']} instead of {expected.provider}"
    named = {row["response_model"], row["request_model"]}
    model = row["response_model"] or row["request_model"]
    if expected.has_usage and (model or None) != (expected.model or None) and not _in_url(expected, named):
        yield "model", f"{model} instead of {expected.model}"


def _in_url(expected: Expected, named: set[object]) -> bool:
    """On Bedrock the URL names the model; some vendors' bodies have another name for it beside."""
    return expected.provider == "aws.bedrock" and expected.model in named


def _tokens(expected: Expected, row: Row) -> Iterator[tuple[str, str]]:
    for name in COUNTS:
        wanted, got = getattr(expected, name), row[name]
        unknown = wanted is not None and name in ("input_tokens", "output_tokens") and got is None
        if unknown or (got or 0) != (wanted or 0):
            yield "tokens", f"{name} {got} instead of {wanted}"
    if expected.web_searches is not None and _charged(row, "web_search") != expected.web_searches:
        yield "fees", f"{_charged(row, 'web_search')} web searches instead of {expected.web_searches}"
    if row["usage"] is None and expected.usage:
        yield "usage", f"the provider's usage object is not kept: {json.dumps(expected.usage)[:200]}"


def _money(exchange: Exchange, expected: Expected, row: Row) -> Iterator[tuple[str, str]]:
    total = _whole(row["input_tokens"]) + _whole(row["output_tokens"])
    if expected.total is not None and total != expected.total:
        yield "total", f"{total} instead of {expected.total}"
    charges = [c["amount_usd"] for c in _list(row["charges"])]
    if row["cost_usd"] is not None and sum(filter(None, charges)) != row["cost_usd"]:
        yield "sum", f"charges of {sum(filter(None, charges))} but a cost of {row['cost_usd']}"
    if expected.provider_cost is not None:
        if row["cost_status"] != "provider_reported":
            yield "cost", f"{row['cost_status']} though the provider says {expected.provider_cost}"
        if not near(row["cost_usd"], expected.provider_cost, MILLIONTH):
            yield "cost", f"{row['cost_usd']} instead of {expected.provider_cost}"
        if not near(row["list_cost_usd"], expected.provider_cost) and not waived(exchange.source, "list"):
            yield (
                "list",
                f"list price {row['list_cost_usd']} but charged {expected.provider_cost} ({row['price_version']})",
            )


def near(amount: object, truth: Decimal, share: Decimal = ONE_PERCENT) -> bool:
    """Whether an amount is within a share of the truth."""
    return isinstance(amount, Decimal) and abs(amount - truth) <= truth * share + ROUNDING_USD


def _charged(row: Row, unit: str) -> int:
    return sum(int(charge["quantity"]) for charge in _list(row["charges"]) if charge["unit"] == unit)


def _list(value: object) -> list[dict]:  # type: ignore[type-arg]
    return value if isinstance(value, list) else []


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _said(row: Row) -> str:
    return f"{row['input_tokens']} in, {row['output_tokens']} out, {row['cost_usd']} USD {row['cost_status']}"

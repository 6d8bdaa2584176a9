"""Payments and messages, whose cost is settled later, from the wire to the invoice."""

from decimal import Decimal

import pytest

from llmobs.event import CostStatus, Outcome
from tests.books import book
from tests.exchanges import Exchange, quantities

STRIPE = "https://api.stripe.com/v1"
TWILIO = "https://api.twilio.com/2010-04-01/Accounts/AC1"

PAID: dict[str, object] = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 2500,
    "amount_received": 2500,
    "currency": "usd",
    "latest_charge": "ch_1",
    "livemode": True,
    "status": "succeeded",
}
CHARGE: dict[str, object] = {
    "id": "ch_1",
    "object": "charge",
    "amount": 2500,
    "amount_captured": 2500,
    "captured": True,
    "currency": "usd",
    "livemode": True,
    "status": "succeeded",
}


@pytest.mark.parametrize("path", ["/payment_intents", "/payment_intents/pi_1/confirm", "/payment_intents/pi_1/capture"])
def test_a_payment_costs_a_share_and_a_fee(path: str) -> None:
    """The amount is the customer's: what it costs is a share of it and a fixed fee, an estimate until it is settled."""

    row = Exchange(url=STRIPE + path, asked=b"amount=2500&currency=usd&confirm=true", answer=PAID).row()

    assert (row.job_id, row.variant, quantities(row)) == ("ch_1", "usd", {"payment": 1, "payment_volume": 25})
    assert (row.cost_usd, row.cost_status) == (Decimal("1.025"), CostStatus.ESTIMATED)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/charges/ch_1", CHARGE | {"balance_transaction": {"id": "txn_1", "fee": 103, "currency": "usd"}}),
        (
            "/payment_intents/pi_1",
            PAID
            | {
                "latest_charge": {
                    "id": "ch_1",
                    "balance_transaction": {"id": "txn_1", "fee": 103, "currency": "usd"},
                }
            },
        ),
        (
            "/balance_transactions/txn_1",
            {"id": "txn_1", "amount": 2500, "fee": 103, "currency": "usd", "source": "ch_1", "status": "available"},
        ),
    ],
)
def test_a_balance_transaction_settles_a_payment(path: str, answer: dict[str, object]) -> None:
    """What was really taken is told later, under the id of the same charge."""

    row = Exchange(url=STRIPE + path, method="GET", answer=answer).row()

    assert (row.job_id, row.cost_usd, row.cost_status) == ("ch_1", Decimal("1.03"), CostStatus.PROVIDER_REPORTED)


@pytest.mark.parametrize(
    ("path", "answer", "job_id", "status"),
    [
        ("/charges", CHARGE | {"captured": False, "amount_captured": 0}, "ch_1", CostStatus.PENDING),
        ("/payment_intents", PAID | {"status": "processing", "amount_received": 0}, "ch_1", CostStatus.PENDING),
        ("/payment_intents", PAID | {"status": "requires_payment_method"}, "ch_1", CostStatus.NOT_BILLED),
        ("/payment_intents", PAID | {"livemode": False}, "ch_1", CostStatus.NOT_BILLED),
        (
            "/invoices/in_1/pay",
            {"id": "in_1", "status": "paid", "amount_paid": 5, "livemode": True},
            "in_1",
            CostStatus.PENDING,
        ),
    ],
)
def test_payments_that_cost_nothing_yet(path: str, answer: dict[str, object], job_id: str, status: CostStatus) -> None:
    """Only money that moved costs: not what is authorized, under way or refused, nor a payment in a test."""

    row = Exchange(url=STRIPE + path, answer=answer).row()

    assert (row.job_id, row.cost_status) == (job_id, status)
    assert not row.cost_usd


def test_a_payment_that_nobody_confirmed() -> None:
    """An intent without a charge is no job, and costs nothing."""

    answer = PAID | {"status": "requires_confirmation", "latest_charge": None, "amount_received": 0}
    row = Exchange(url=f"{STRIPE}/payment_intents", answer=answer).row()

    assert (row.job_id, row.outcome, row.cost_usd) == (None, Outcome.OK, Decimal(0))


CURRENCIES = """
updated: 2026-11-21
currencies:
  jpy: [{usd: 0.0065}]
  kwd: [{usd: 3.25}]
providers:
  stripe:
    hosts: [api.stripe.com]
    routes:
      - {path: /v1/charges, dialect: stripe_charges}
    models:
      card:
        - {payment_volume: 0.036}
        - {variant: kwd, payment: 0.5}
"""


@pytest.mark.parametrize(
    ("currency", "amount", "volume", "usd"),
    [("jpy", 10000, "65", "2.34"), ("kwd", 10000, "32.5", "1.67"), ("xyz", 10000, None, None)],
)
def test_other_currencies(currency: str, amount: int, volume: str | None, usd: str | None) -> None:
    """The smallest unit of a currency is not always a hundredth; what is worth nothing known has no cost."""

    answer = CHARGE | {"currency": currency, "amount_captured": amount}
    row = Exchange(url=f"{STRIPE}/charges", answer=answer).row(book(CURRENCIES))

    assert quantities(row).get("payment_volume") == (None if volume is None else Decimal(volume))
    assert row.cost_usd == (None if usd is None else Decimal(usd))


MESSAGE: dict[str, object] = {
    "sid": "SM1",
    "status": "queued",
    "num_segments": "2",
    "num_media": "0",
    "price": None,
    "price_unit": "USD",
}


def test_a_message_is_estimated_until_its_price_is_there() -> None:
    """Segments cost their list price; some minutes later the price is told, as a negative number."""

    sent = Exchange(url=f"{TWILIO}/Messages.json", status=201, asked=b"To=%2B1555&Body=hi", answer=MESSAGE).row()
    told = MESSAGE | {"status": "delivered", "price": "-0.02360"}
    later = Exchange(url=f"{TWILIO}/Messages/SM1.json", method="GET", answer=told).row()

    assert (sent.job_id, sent.cost_usd, sent.cost_status) == ("SM1", Decimal("0.0166"), CostStatus.ESTIMATED)
    assert (later.job_id, later.cost_usd, later.cost_status) == (
        "SM1",
        Decimal("0.0236"),
        CostStatus.PROVIDER_REPORTED,
    )


@pytest.mark.parametrize(
    ("changes", "status", "usd"),
    [
        ({"status": "accepted", "num_segments": "0"}, CostStatus.PENDING, None),
        ({"status": "scheduled"}, CostStatus.PENDING, None),
        ({"num_media": "1", "num_segments": "1"}, CostStatus.ESTIMATED, "0.022"),
        ({"price": "-0.01", "price_unit": "XYZ"}, CostStatus.ESTIMATED, "0.0166"),
        ({"price": "soon"}, CostStatus.ESTIMATED, "0.0166"),
    ],
)
def test_messages(changes: dict[str, object], status: CostStatus, usd: str | None) -> None:
    """A message of a service has no segments yet; one with pictures has another price; a strange price is none."""

    row = Exchange(url=f"{TWILIO}/Messages.json", status=201, answer=MESSAGE | changes).row()

    assert (row.cost_status, row.cost_usd) == (status, None if usd is None else Decimal(usd))


def test_a_call_is_settled_when_it_is_looked_up() -> None:
    """A call goes on after its request; its seconds have no list price here, its price is told later."""

    begun = Exchange(url=f"{TWILIO}/Calls.json", status=201, answer={"sid": "CA1", "status": "queued"}).row()
    ended: dict[str, object] = {"sid": "CA1", "status": "completed", "duration": "61"}
    looked = Exchange(url=f"{TWILIO}/Calls/CA1.json", method="GET", answer=ended).row()
    priced = ended | {"price": "-0.028", "price_unit": "USD"}
    told = Exchange(url=f"{TWILIO}/Calls/CA1.json", method="GET", answer=priced).row()
    busy = Exchange(url=f"{TWILIO}/Calls/CA1.json", method="GET", answer=ended | {"status": "busy"}).row()

    assert [row.cost_status for row in (begun, looked, told, busy)] == [
        CostStatus.PENDING,
        CostStatus.UNPRICED,
        CostStatus.PROVIDER_REPORTED,
        CostStatus.NOT_BILLED,
    ]
    assert (quantities(looked), told.cost_usd) == ({"audio_second": 61}, Decimal("0.028"))
    assert busy.error_type == "busy"


@pytest.mark.parametrize(("currency", "usd"), [("eur", "0.73506250"), ("gbp", "0.782614875"), ("sek", None)])
def test_payments_in_europe(currency: str, usd: str | None) -> None:
    """A currency stands for the list of its country, and one that has none here has no cost."""

    row = Exchange(url=f"{STRIPE}/charges", answer=CHARGE | {"currency": currency}).row()

    assert row.cost_usd == (None if usd is None else Decimal(usd))

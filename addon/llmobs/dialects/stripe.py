"""Stripe: a payment that succeeded costs a share of it and a fixed fee, by its currency.

Source: the Stripe API reference (payment intents, charges, balance transactions). Amounts are those of the payment, in
the smallest unit of its currency, and never a cost; a balance transaction says what was really taken. All answers about
one payment are known by the id of its charge. An invoice names no charge in newer versions of the API, so it stays
pending: what it costs is told with the charge, when that is looked up.
"""

from dataclasses import replace

from llmobs.dialect import Bill, Count, Dialect, Job, Variant

_PAID = ("amount_received", "amount_captured")

STRIPE_PAYMENTS = Dialect(
    name="stripe_payments",
    operation="payment",
    usage=("",),
    counts=(Count("payment", _PAID, once=True), Count("payment_volume", _PAID)),
    currency=("currency",),
    bill=Bill(
        amount=("latest_charge.balance_transaction.fee",),
        currency=("latest_charge.balance_transaction.currency",),
        minor=True,
    ),
    variant=(Variant(("currency",)),),
    model=(),
    default_model="card",
    provisional=True,
    test="livemode",
    job=Job(
        id=("latest_charge.id", "latest_charge", "charges.data[].id"),
        state=("status",),
        done=frozenset({"succeeded"}),
        failed=frozenset({"canceled"}),
        free=frozenset({"requires_payment_method", "requires_action", "requires_confirmation"}),
    ),
    error=("error.code", "error.type", "error"),
    markers=(b'"object"', b'"error"'),
)

STRIPE_CHARGES = replace(
    STRIPE_PAYMENTS,
    name="stripe_charges",
    bill=Bill(amount=("balance_transaction.fee",), currency=("balance_transaction.currency",), minor=True),
    # A charge that is only authorized succeeds as well; its money moves when it is captured.
    job=Job(id=("id",), state=("captured", "status"), done=frozenset({"True"}), free=frozenset({"failed"})),
)

STRIPE_BALANCE = replace(
    STRIPE_PAYMENTS,
    name="stripe_balance",
    counts=(),
    bill=Bill(amount=("fee",), currency=("currency",), minor=True),
    test="",
    job=Job(id=("source.id", "source"), state=("status",), done=frozenset({"available", "pending"})),
)

STRIPE_INVOICES = replace(
    STRIPE_PAYMENTS,
    name="stripe_invoices",
    counts=(),
    bill=None,
    currency=(),
    job=Job(
        id=("id",),
        state=("status",),
        done=frozenset(),
        free=frozenset({"draft", "open", "void", "uncollectible"}),
    ),
)

"""Twilio's messages and calls: the price is there some minutes later, as a negative number.

Source: the Twilio API reference (message and call resources: `sid`, `status`, `num_segments`, `price`, `price_unit`).
Until then the list price of a segment is an estimate, as carriers and countries add to it. A message of a Messaging
Service has no segments yet when it is accepted.
"""

from llmobs.dialect import Bill, Count, Dialect, Job, Variant

_BILL = Bill(amount=("price",), currency=("price_unit",))

TWILIO_MESSAGES = Dialect(
    name="twilio_messages",
    operation="message",
    usage=("",),
    counts=(Count("message_segment", ("num_segments",)),),
    # A message with pictures is another thing, at a price of its own.
    variant=(Variant(("num_media",)),),
    bill=_BILL,
    model=(),
    default_model="sms",
    provisional=True,
    response_id=("sid",),
    job=Job(
        id=("sid",),
        state=("status",),
        done=frozenset(
            {"queued", "sending", "sent", "delivered", "undelivered", "failed", "receiving", "received", "read"}
        ),
        failed=frozenset({"canceled"}),
    ),
    error=("code", "error"),
    markers=(b'"price"', b'"code"', b'"error"'),
)

TWILIO_CALLS = Dialect(
    name="twilio_calls",
    operation="call",
    usage=("",),
    counts=(Count("audio_second", ("duration",)),),
    bill=_BILL,
    model=(),
    default_model="voice",
    provisional=True,
    response_id=("sid",),
    job=Job(
        id=("sid",),
        state=("status",),
        done=frozenset({"completed"}),
        free=frozenset({"busy", "failed", "no-answer", "canceled"}),
    ),
    error=("code", "error"),
    markers=(b'"price"', b'"code"', b'"error"'),
)

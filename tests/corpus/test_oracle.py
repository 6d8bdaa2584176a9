"""The oracle checks itself on the recordings, before it judges anything: totals, parts of wholes, provider's money."""

import base64
import json
import struct
from datetime import datetime
from decimal import Decimal

import pytest

from tests.corpus.expected import Expected, State
from tests.corpus.oddities import waived
from tests.corpus.oracle import cases
from tests.corpus.recording import Exchange, exchanges, har_files, messages
from tests.corpus.verdict import near

# Where the price list of genai-prices has the provider's own name for it; the others it knows under another rule.
PRICED_BY = {"x_ai": "x-ai", "openrouter": "openrouter", "avian": "avian", "vercel_ai_gateway": ""}

# What a batch costs of the list price, where the provider says what it charged: 12 uncached, 192 cached and 83 output
# tokens of grok-4.3 are 0.0002609 USD at list, and its line says 0.00020872.
BATCH_SHARE = {"x_ai": Decimal("0.8")}

pytestmark = pytest.mark.skipif(not har_files(), reason="the corpus ../shared/corpus is not here")

type Expectations = list[tuple[Exchange, Expected]]


@pytest.fixture(scope="module")
def every() -> Expectations:
    """Each exchange with what is expected of it."""
    found = [case for har in har_files() for case in cases(exchanges(har))]
    return [(case.exchanges[0], case.expected) for case in found]


@pytest.fixture(scope="module")
def used(every: Expectations) -> Expectations:
    """Those with usage."""
    return [(exchange, expected) for exchange, expected in every if expected.has_usage]


def test_every_framing_is_read() -> None:
    """A body, an array, events and lines all give their objects."""

    assert messages(b'{"a":1}') == [{"a": 1}]
    assert messages(b'[{"a":1}\n,\r\n{"a":2}]') == [{"a": 1}, {"a": 2}]
    assert messages(b': ping\r\n\r\nevent: x\r\ndata: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n') == [{"a": 1}]
    assert messages(b'{"a":1}\n{"a":2}\n') == [{"a": 1}, {"a": 2}]


def test_sums_are_the_providers_totals(used: Expectations) -> None:
    """Input and output add up to the total that the provider sends, wherever it sends an honest one."""

    totalled = [(x, e) for x, e in used if e.total is not None]
    wrong = [x.label for x, e in totalled if (e.input_tokens or 0) + (e.output_tokens or 0) != e.total]
    assert wrong == []
    assert len(totalled) > 700


def test_parts_fit_in_their_wholes(used: Expectations) -> None:
    """Cached and written tokens are within the input, reasoning is within the output."""

    wrong = [
        x.label
        for x, e in used
        if (e.cached_input_tokens or 0) + (e.cache_write_tokens or 0) > (e.input_tokens or 0)
        or (e.reasoning_tokens or 0) > (e.output_tokens or 0)
    ]
    assert wrong == []


def test_every_exchange_is_in_a_case() -> None:
    """No exchange is lost, and only an answer with results is in several cases."""

    for har in har_files():
        found = [(x.index, case.expected.line) for case in cases(exchanges(har)) for x in case.exchanges]
        assert {index for index, _ in found} == {x.index for x in exchanges(har)}
        plain = [index for index, line in found if not line]
        assert len(plain) == len(set(plain))


def test_work_is_one_case_however_often_it_is_asked_for(every: Expectations) -> None:
    """Ids of work and of lines are all different, and most of the recorded work is not over yet."""

    ids = [(e.provider, job) for _, e in every for job in e.jobs]
    assert len(ids) == len(set(ids))
    assert {e.state for _, e in every if e.state} == set(State)
    assert len([e for _, e in every if e.state]) > 60


def test_lines_add_up_to_their_batch(every: Expectations) -> None:
    """Where a batch tells its own total, it is the sum of its lines."""

    told = [e for _, e in every if e.billed_by_lines and e.total]
    lines = [[line for _, line in every if line.line and line.results & batch.results] for batch in told]
    assert [sum(line.total or 0 for line in of) for of in lines] == [batch.total for batch in told]
    assert told


def test_frames_of_an_event_stream_are_read() -> None:
    """A frame gives its JSON, and one of `bytes` what is inside."""

    inside = base64.b64encode(b'{"a":1}').decode()
    payloads = [b'{"b":2}', json.dumps({"bytes": inside, "p": "abc"}).encode()]
    assert messages(b"".join(map(frame, payloads))) == [{"b": 2}, {"a": 1}]


def frame(payload: bytes) -> bytes:
    """One frame with a header and checksums that nobody looks at."""
    header = b"\x0b:event-type\x07\x00\x05chunk"
    sizes = struct.pack(">II", 16 + len(header) + len(payload), len(header))
    return sizes + b"\0\0\0\0" + header + payload + b"\0\0\0\0"


def test_a_usage_object_is_only_ignored_for_a_reason(every: Expectations) -> None:
    """Whatever carries usage and is not metered says why."""

    loud = [(x, e) for x, e in every if not e.metered and b'"usage' in x.response_body]
    assert [x.label for x, e in loud if not e.excluded_reason] == []


def test_token_rules_give_the_providers_own_money(used: Expectations) -> None:
    """Where an independent price list knows a model, its price of our tokens is what the provider charged."""

    ours = [(x, e, _list_price(x, e)) for x, e in used if e.provider_cost and not waived(x.source, "list")]
    known = [(x, e, price) for x, e, price in ours if price is not None]
    assert [f"{x.label}: {price} but {e.provider_cost}" for x, e, price in known if not near(price, _charged(e))] == []
    assert len(known) > 100


def _charged(expected: Expected) -> Decimal:
    return expected.provider_cost or Decimal(0)


def _list_price(exchange: Exchange, expected: Expected) -> Decimal | None:
    genai_prices = pytest.importorskip("genai_prices")
    if expected.provider not in PRICED_BY:
        return None
    provider, model = PRICED_BY[expected.provider], expected.model or ""
    if not provider:
        provider, _, model = model.partition("/")
    usage = genai_prices.Usage(
        input_tokens=expected.input_tokens or 0,
        cache_read_tokens=expected.cached_input_tokens or 0,
        cache_write_tokens=expected.cache_write_tokens or 0,
        output_tokens=expected.output_tokens or 0,
    )
    at = datetime.fromisoformat(exchange.started)
    try:
        price = genai_prices.calc_price(usage, model, provider_id=provider, genai_request_timestamp=at)
    except LookupError:
        return None
    return Decimal(price.total_price) * (BATCH_SHARE[expected.provider] if expected.line else 1)

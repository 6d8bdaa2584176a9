"""The client's bytes are the same with and without the addon, and so are the provider's: over the whole corpus."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import live_client, live_redirect
from tests.corpus.live_answers import library
from tests.corpus.live_client import CUSTOMER, HTTP2_MARK, Leg, Pair
from tests.corpus.live_server import LiveServer
from tests.corpus.price_file import is_provider, may_be_asked
from tests.corpus.recording import har_files
from tests.testbed.proxy import Proxy
from tests.testbed.rows import query

# One exchange in so many goes over HTTP/2 as well; the number has no factor in common with the kinds of answers.
HTTP2_SAMPLE = 17

pytestmark = [
    pytest.mark.skipif(not har_files(), reason="the corpus ../shared/corpus is not here"),
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("corpus_identity"),
]


@dataclass(frozen=True, slots=True)
class Played:
    """The whole corpus, there and back."""

    http1: list[Pair]
    http2: list[Pair]
    rows: list[dict[str, Any]]
    log: str

    @property
    def pairs(self) -> list[Pair]:
        """Every exchange of both protocols."""
        return [*self.http1, *self.http2]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Each exchange directly and through mitmdump with the addon and the real prices."""
    every = list(library().values())
    sample = [each for each in every[::HTTP2_SAMPLE] if not each.plain]
    with LiveServer(tmp_path_factory.mktemp("live")) as live:
        options = {"live_plain_port": str(live.plain_port)}
        scripts = [Path(live_redirect.__file__)]
        folder = tmp_path_factory.mktemp("proxy")
        with Proxy(folder, live, scripts=scripts, options=options, pricing=None) as proxy:
            pairs = live_client.http1(live, proxy, every), live_client.http2(live, proxy, sample)
        rows = query(proxy.db, "select * from events")
        yield Played(*pairs, rows, proxy.log.read_text())


def labels(pairs: list[Pair]) -> list[str]:
    """What a failed test prints."""
    return [pair.recorded.label for pair in pairs]


def answer(leg: Leg) -> tuple[object, ...]:
    """All that the client gets."""
    return leg.status, leg.head, leg.body, leg.complete


def unframed(head: Iterable[str]) -> list[str]:
    """A head without what says how the body is framed and compressed."""
    ways = ("content-length:", "transfer-encoding:", "content-encoding:", "accept-encoding:")
    return [line for line in head if not line.lower().startswith(ways)]


def wants_asking(pair: Pair) -> bool:
    """Whether it is a stream of an OpenAI-style host whose client did not ask for usage."""
    exchange = pair.recorded.exchange
    wanted = exchange.request.get("stream") is True and not pair.recorded.asks_for_usage
    return wanted and exchange.path.partition("#")[0].endswith("/completions") and may_be_asked(pair.recorded.authority)


def head_seen(leg: Leg) -> list[str]:
    """The request's head as the server saw it, in either protocol."""
    head: str = leg.seen["head"]
    return head.split("\r\n") if head else sorted(f"{name}:{value}" for name, value in leg.seen["headers"])


def test_the_server_plays_the_recordings(played: Played) -> None:
    """Asked directly, the server gives each recorded status and body, compressed and cut in all ways."""
    recorded = [(pair.recorded.exchange.status, pair.recorded.exchange.response_body) for pair in played.pairs]

    assert len(played.http1) == len(library()) > 2000
    assert [(pair.direct.status, pair.direct.content) for pair in played.pairs] == recorded
    assert {pair.direct.head[0] for pair in played.http2} == {"HTTP/2"}
    assert all(pair.direct.complete for pair in played.pairs)


def test_every_answer_is_the_same(played: Played) -> None:
    """Status, head and body of each answer are byte for byte what the server sends to a client without the proxy."""
    same = [pair for pair in played.pairs if not pair.asked]

    assert len(same) > 2000
    assert labels([pair for pair in same if answer(pair.metered) != answer(pair.direct)]) == []


def test_every_request_is_the_same(played: Played) -> None:
    """Head and body of each request reach the server byte for byte, without our own headers."""
    same = [pair for pair in played.pairs if not pair.asked]

    assert labels([pair for pair in same if pair.metered.request != pair.direct.request]) == []
    assert labels([pair for pair in played.pairs if "llmobserve" in str(pair.metered.seen).lower()]) == []


def test_streams_that_were_asked_for_usage_are_the_same(played: Played) -> None:
    """A stream whose usage the addon asked for says to the client what it says to one that did not ask."""
    asked = [pair for pair in played.pairs if pair.asked]

    assert len(asked) > 20
    assert labels([pair for pair in asked if pair.metered.content != pair.direct.content]) == []
    assert labels([pair for pair in asked if unframed(pair.metered.head) != unframed(pair.direct.head)]) == []
    assert all(pair.metered.complete for pair in asked)


def test_only_streams_without_usage_are_asked(played: Played) -> None:
    """The addon asks on every stream that it may ask, and on no other."""
    assert labels([pair for pair in played.pairs if pair.asked != wants_asking(pair)]) == []


def test_asking_changes_nothing_else(played: Played) -> None:
    """A request that was edited differs in its options, its length and the encodings it takes."""
    for pair in (pair for pair in played.pairs if pair.asked):
        edited, sent = (json.loads(leg.seen["body"].encode("latin-1")) for leg in (pair.metered, pair.direct))
        assert edited.pop("stream_options")["include_usage"] is True
        sent.pop("stream_options", None)
        assert list(edited.items()) == list(sent.items())
        assert unframed(head_seen(pair.metered)) == unframed(head_seen(pair.direct))


def test_each_exchange_leaves_at_most_one_row(played: Played) -> None:
    """No exchange has two rows, no row belongs to nothing, and what answered is not said to have been cut.

    Work that is known by an id is left out: both legs tell of the same, and the lines of a batch are many.
    """
    runs = [row["run_id"] for row in played.rows if row["job_id"] is None]
    legs = {pair.recorded.label: pair for pair in played.http1}
    legs |= {pair.recorded.label + HTTP2_MARK: pair for pair in played.http2}

    assert len(runs) == len(set(runs)) > 1000
    assert [run for run in runs if run not in legs or not is_provider(legs[run].recorded.authority)] == []
    assert {row["customer_id"] for row in played.rows} == {CUSTOMER}
    assert {row["outcome"] for row in played.rows} <= {"ok", "error"}
    counted = [row for row in played.rows if row["job_id"] is None and not legs[row["run_id"]].asked]
    assert [row["run_id"] for row in counted if row["response_bytes"] != len(legs[row["run_id"]].direct.body)] == []


def test_the_proxy_says_nothing_of_trouble(played: Played) -> None:
    """No traceback and no unmetered answer is in the log of the proxy."""
    assert "Traceback" not in played.log
    assert "is not metered to its end" not in played.log

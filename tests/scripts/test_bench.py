"""The bench, with a few calls only: that it works, not what it finds."""

import asyncio
import os
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from mitmproxy.test import taddons, tflow

from scripts import bench
from scripts.benchmarks import load, noop, sampler, workers
from scripts.benchmarks.columns import NAMES, pin
from scripts.benchmarks.rounds import LOADS


@pytest.mark.slow
def test_bench_writes_every_table(tmp_path: Path) -> None:
    """A quick run has all columns, the profile and the targets, and gives the cores back."""
    cores = os.sched_getaffinity(0)
    out = tmp_path / "results.txt"
    assert bench.main(["--quick", "--out", str(out)]) == 0

    text = out.read_text()
    assert all(name in text for name in NAMES)
    assert "Where the proxy's time goes" in text
    assert "us to price a call" in text
    assert os.sched_getaffinity(0) == cores


def test_bench_compares_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On request it says what each number of workers takes of each load, and how much more than one that is."""

    monkeypatch.setattr(workers, "NUMBERS", (1,))
    out = tmp_path / "results.txt"
    assert bench.main(["--workers", "--quick", "--out", str(out)]) == 0
    lines = [line.split() for line in out.read_text().splitlines()]
    rows = [line for line in lines if line[:2] == ["│", "1"]]

    assert len(rows) == len(LOADS)
    assert all(line[5:7] == ["1.00", "x"] for line in rows)


@pytest.mark.parametrize(("at_least", "kept"), [(True, True), (False, False)])
def test_a_target_is_kept_or_not(at_least: bool, kept: bool) -> None:
    """A promise is a floor or a ceiling."""
    target = bench.Target("speed", 95, 96, at_least=at_least)

    assert target.kept is kept
    assert target.row()[3] == ("yes" if kept else "NO")


def test_noop_streams_unchanged() -> None:
    """The callable gives back what it got."""
    flow = tflow.tflow(resp=True)
    noop.responseheaders(flow)

    assert flow.response is not None
    assert callable(flow.response.stream)
    assert flow.response.stream(b"x") == b"x"


def test_sampler_writes_what_it_saw(tmp_path: Path) -> None:
    """Samples of the main thread are written at the end."""
    addon, file = sampler.Sampler(), tmp_path / "samples.json"
    with taddons.context(addon) as context:
        context.configure(addon, sampler_file=str(file))
        addon.running()
        while not addon.counts:
            pass
        addon.done()

    assert "{" in file.read_text()


def test_a_stack_is_placed_by_its_innermost_known_frame() -> None:
    """Ours is whatever has a frame of ours; a stack without a known file is `other`."""
    assert _placed("/site-packages/mitmproxy/proxy/layers/tls.py") == "mitmproxy: TLS"
    assert _placed("/checkout/addon/llmobs/wire/sse.py") == "llmobs/wire/sse.py"
    assert _placed("/anywhere.py") == "other"


def _placed(file: str) -> str:
    """Where a frame of this file, called from here, is said to be."""
    scope = {"place": sampler.place, "sys": sys}
    exec(compile("found = place(sys._getframe())", file, "exec"), scope)
    return str(scope["found"])


def test_pin_leaves_alone_what_cannot_be_pinned() -> None:
    """A core that is not there changes nothing."""
    before = os.sched_getaffinity(0)
    pin(os.getpid(), 4096)

    assert os.sched_getaffinity(0) == before


async def _exchanged(*pieces: bytes) -> None:
    reader, writer = asyncio.StreamReader(), Mock()
    for piece in pieces:
        reader.feed_data(piece)
    reader.feed_eof()
    await load.exchange(reader, writer, b"")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", RuntimeError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", ConnectionError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", ConnectionError),
    ],
)
def test_an_answer_that_is_not_whole_stops_the_bench(answer: bytes, error: type[Exception]) -> None:
    """Neither errors nor cut answers count as fast ones."""
    with pytest.raises(error):
        asyncio.run(_exchanged(answer))

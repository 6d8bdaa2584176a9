"""Figures without a proxy: what the addon itself does with one chunk and one price, and a profile of it.

Times are processor time, so that a busy machine does not add to them.
"""

import contextlib
import cProfile
import io
import pstats
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mitmproxy import http
from mitmproxy.test import taddons, tflow

from llmobs.hooks import LLMObserve
from llmobs.pricing import Terms, charges
from scripts.benchmarks.load import Work
from scripts.benchmarks.rounds import NULLS, STREAM
from tests.testbed.answers import Answer, answer
from tests.testbed.scenario import HEADER

_PROFILE_LINES = 12


@contextlib.contextmanager
def _addon() -> Iterator[LLMObserve]:
    addon = LLMObserve()
    with tempfile.TemporaryDirectory() as folder, taddons.context(addon) as context:
        context.options.update(confdir=folder)
        context.configure(
            addon, llmobserve_db=str(Path(folder) / "bench.duckdb"), llmobserve_pricing="", llmobserve_web="off"
        )
        with contextlib.redirect_stdout(io.StringIO()):
            addon.running()
        try:
            yield addon
        finally:
            addon.done()


def _flow(work: Work, body: bytes) -> http.HTTPFlow:
    head, _, _ = work.request.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    flow = tflow.tflow()
    headers = http.Headers([(n.encode(), v.strip().encode()) for n, _, v in (item.partition(":") for item in lines)])
    flow.request = http.Request.make("POST", f"https://{work.host}{line.split()[1]}", body, headers)
    flow.request.headers["content-length"] = str(len(body))
    return flow


def _answer(work: Work, body: bytes) -> Answer:
    head, _, _ = work.request.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (item.partition(":") for item in lines)}
    return answer(work.host, line.split()[1], headers[HEADER], "application/json", "", body)


def _begin(addon: LLMObserve, work: Work) -> tuple[http.HTTPFlow, tuple[bytes, ...]]:
    """A flow whose answer is about to come, and the chunks of that answer."""
    flow = _flow(work, work.request.partition(b"\r\n\r\n")[2])
    addon.requestheaders(flow)
    addon.request(flow)
    found = _answer(work, flow.request.raw_content or b"")
    flow.response = http.Response.make(200, b"", dict(found.headers))
    flow.response.raw_content = None
    addon.responseheaders(flow)
    return flow, found.pieces


def chunk_microseconds(work: Work, streams: int) -> float:
    """Microseconds the addon spends on one chunk of a long stream, callable only; median of `streams` streams."""
    with _addon() as addon:
        return sorted(_one_stream(addon, work) for _ in range(streams))[streams // 2]


def _one_stream(addon: LLMObserve, work: Work) -> float:
    flow, pieces = _begin(addon, work)
    assert flow.response is not None
    tap: Any = flow.response.stream
    started = time.thread_time()
    for piece in pieces:
        tap(piece)
    spent = time.thread_time() - started
    tap(b"")
    addon.response(flow)
    return 1e6 * spent / len(pieces)


def call_microseconds(work: Work, times: int) -> float:
    """Microseconds of the event loop that the addon takes for one whole call, hooks and row included; the median."""
    with _addon() as addon:
        return sorted(_one_call(addon, work) for _ in range(times))[times // 2]


def _one_call(addon: LLMObserve, work: Work) -> float:
    flow = _flow(work, b"")
    flow.request.raw_content = work.request.partition(b"\r\n\r\n")[2]
    found = _answer(work, flow.request.raw_content)
    response = http.Response.make(found.status, b"", dict(found.headers))
    response.raw_content = None
    started = time.thread_time()
    addon.requestheaders(flow)
    addon.request(flow)
    flow.response = response
    addon.responseheaders(flow)
    tap: Any = response.stream
    for piece in (*found.pieces, b""):
        tap(piece)
    addon.response(flow)
    return 1e6 * (time.thread_time() - started)


def price_microseconds(times: int) -> float:
    """Microseconds to find the rates of a call and draw its charges; the fastest of several runs of `times`."""
    with _addon() as addon:
        provider = addon.book.provider_at("api.openai.com", 443)
        assert provider is not None
        quantities = {"input": 6000, "cached_input": 18000, "output": 500, "reasoning": 400}
        terms = Terms(at=datetime.now(UTC), input_tokens=24000, service_tier="default")
        return min(
            _timed(lambda: charges(addon.book.quote(provider, "gpt-5-mini", terms), quantities), times)  # type: ignore[arg-type]
            for _ in range(5)
        )


def _timed(call: Callable[[], object], times: int) -> float:
    started = time.thread_time()
    for _ in range(times):
        call()
    return 1e6 * (time.thread_time() - started) / times


def profile(streams: int) -> str:
    """Where the addon's own time goes, over both kinds of stream from the first header to the row."""
    profiler = cProfile.Profile()
    with _addon() as addon:
        profiler.enable()
        for work in (STREAM, NULLS):
            for _ in range(streams):
                _one_stream(addon, work)
        profiler.disable()
    text = io.StringIO()
    stats = pstats.Stats(profiler, stream=text)
    stats.strip_dirs().sort_stats("tottime").print_stats(_PROFILE_LINES)
    return text.getvalue().partition("\n\n")[2].strip()

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest

from llmobs.web import workshop
from llmobs.web.workshop import BROKEN, TOO_LONG, Page, Subject, Workshop
from tests.dashboard.calls import call, stored

PRICES = date(2026, 11, 21)
# A new process takes its time on a busy machine.
PATIENCE_S = 120.0
# A maker of its own kind: says its process and what it was told, and misbehaves on demand.
ODD = """
import json, os, sys, time
for line in sys.stdin:
    order = json.loads(line)
    if order["path"] == "/slow": time.sleep(60)
    if order["path"] == "/end": sys.exit()
    if order["path"] == "/odd": print("no reply", flush=True)
    page = " ".join([str(os.getpid()), str(time.monotonic_ns()), *sys.argv[1:]])
    seconds = 5.0 if order["path"] == "/long" else 0.0
    print(json.dumps({"status": 200, "length": len(page), "seconds": seconds}), page, sep="\\n", end="", flush=True)
"""


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Workshop]:
    """Workshops whose maker is the one above."""
    monkeypatch.setattr(workshop, "MAKER", ("-c", ODD))
    subject = Subject("a.duckdb", PRICES)
    return lambda **told: Workshop(lambda: subject, **{"longest_s": PATIENCE_S, **told})


def run[Result](made: Workshop, work: Callable[[], Awaitable[Result]]) -> Result:
    """What some work gives in an event loop, after which the workshop is closed."""

    async def whole() -> Result:
        try:
            return await work()
        finally:
            await made.close()

    return asyncio.run(whole())


def test_the_real_maker(tmp_path: Path) -> None:
    """A page of a database is made in a process that is another."""
    path = stored(tmp_path / "events.duckdb", [call("1")])
    made = Workshop(lambda: Subject(str(path), PRICES, tmp_path / "policy.yaml"), PATIENCE_S)
    page = run(made, lambda: made.page("/", "since=all"))

    assert page.status == 200
    assert b"$2.00" in page.body
    assert b"2026-11-21" in page.body


def test_one_page_for_many(odd: Callable[..., Workshop]) -> None:
    """Who asks at the same time gets the same page, and who asks soon after, too; another page is another."""
    made = odd()

    async def work() -> list[Page]:
        together = await asyncio.gather(*(made.page("/", "") for _ in range(10)))
        return [*together, await made.page("/", ""), await made.page("/", "since=1h")]

    pages = run(made, work)

    assert len({page.body for page in pages[:11]}) == 1
    assert pages[11].body != pages[0].body
    assert pages[11].body.split()[0] == pages[0].body.split()[0]


def test_a_page_grows_old(odd: Callable[..., Workshop], monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while it is made again; one that took long later than one that did not."""
    monkeypatch.setattr(workshop, "FRESH_S", 0.0)
    made = odd()

    async def work() -> list[Page]:
        return [await made.page(path, "") for path in ("/", "/", "/long", "/long")]

    pages = run(made, work)

    assert pages[0].body != pages[1].body
    assert pages[2].body == pages[3].body
    assert pages[2].fresh_s == 20.0


def test_who_goes_away_takes_no_page_along(odd: Callable[..., Workshop]) -> None:
    """A page that one browser no longer wants is made for the others."""
    made = odd()

    async def work() -> Page:
        first = asyncio.ensure_future(made.page("/", ""))
        second = asyncio.ensure_future(made.page("/", ""))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert run(made, work).status == 200


def test_time_limit(odd: Callable[..., Workshop]) -> None:
    """A page that takes too long is given up with its process; the next one has another."""
    made = odd(longest_s=0.5)

    async def work() -> list[Page]:
        return [await made.page("/slow", ""), await _patient(made)]

    slow, after = run(made, work)

    assert slow == TOO_LONG
    assert after.status == 200


async def _patient(made: Workshop) -> Page:
    """A page, however long the start of its process takes."""
    made._longest_s = PATIENCE_S
    return await made.page("/", "")


@pytest.mark.parametrize("path", ["/end", "/odd"])
def test_a_process_that_breaks(odd: Callable[..., Workshop], path: str, caplog: pytest.LogCaptureFixture) -> None:
    """A process that ends or talks nonsense costs one page and a warning."""
    made = odd()

    async def work() -> list[Page]:
        return [await made.page(path, ""), await made.page("/", "")]

    broken, after = run(made, work)

    assert (broken, after.status) == (BROKEN, 200)
    assert "the process that makes the pages ended" in caplog.text


def test_an_unforeseen_mistake(odd: Callable[..., Workshop], monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours is told to whoever asked, and not kept as a page."""
    made = odd()
    monkeypatch.setattr(workshop, "Order", lambda path, query: (path, query))
    with pytest.raises(TypeError):
        run(made, lambda: made.page(os, ""))  # type: ignore[arg-type]  # no text, on purpose

    assert made._kept == {}


def test_idle(odd: Callable[..., Workshop]) -> None:
    """When nobody looks, the process ends; it starts again for who does."""
    made = odd(idle_s=0.0)

    async def work() -> tuple[bool, Page]:
        await made.page("/", "")
        while made._maker is not None:  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.01)
        return made._maker is None, await made.page("/", "since=1h")

    rested, after = run(made, work)

    assert rested
    assert after.status == 200


def test_a_busy_process_does_not_rest(odd: Callable[..., Workshop]) -> None:
    """The time to rest comes while a page is made: it is finished first."""
    made = odd()

    async def work() -> Page:
        await made.page("/", "")
        making = asyncio.ensure_future(made.page("/", "since=1h"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        made._go_home()
        return await making

    assert run(made, work).status == 200


def test_another_database(odd: Callable[..., Workshop], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the options change, pages are about what is set now."""
    monkeypatch.setattr(workshop, "FRESH_S", 0.0)
    subjects = [Subject("a.duckdb", PRICES)]
    made = Workshop(lambda: subjects[-1], PATIENCE_S)

    async def work() -> list[Page]:
        first = await made.page("/", "")
        subjects.append(Subject("b.duckdb", PRICES, Path("policy.yaml")))
        return [first, await made.page("/", "")]

    pages = run(made, work)

    assert [page.body.split()[2:] for page in pages] == [
        [b"a.duckdb", b"2026-11-21"],
        [b"b.duckdb", b"2026-11-21", b"policy.yaml"],
    ]


def test_bounded(odd: Callable[..., Workshop], monkeypatch: pytest.MonkeyPatch) -> None:
    """So many pages are kept, the newest, though others are still being made."""
    monkeypatch.setattr(workshop, "MOST_PAGES", 2)
    made = odd()

    async def work() -> list[str]:
        await asyncio.gather(*(made.page("/", query) for query in "abc"))
        return [order.query for order in made._kept]

    assert run(made, work) == ["b", "c"]


def test_closed_twice(odd: Callable[..., Workshop]) -> None:
    """It may be closed without having been used, and again; a process that is gone already is no trouble."""
    made = odd()

    async def work() -> None:
        await made.close()
        await made.page("/", "")
        assert made._maker is not None
        os.kill(made._maker.pid, signal.SIGKILL)
        await made.close()

    run(made, work)

    assert made._maker is None

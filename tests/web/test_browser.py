"""The dashboard in a real browser, where there is one: what it runs, refuses, renews and can be used with."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from llmobs.web import Address, Server, workshop
from llmobs.web.dashboard import Dashboard
from llmobs.web.workshop import Subject, Workshop
from tests.dashboard.calls import HOSTILE, call, hostile, stored

play = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: `apt-get install chromium` brings it")
TALL = {"width": 1440, "height": 900}
# So long may a busy machine take for a page; nothing here waits that long unless something is wrong.
PATIENCE_S = 120.0

# Types of playwright are unknown where it is not installed.
type Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    with play.sync_playwright() as drive:
        made = drive.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Calls with hostile names, of the last hours."""
    return stored(tmp_path / "events.duckdb", hostile(datetime.now(UTC)))


@pytest.fixture
def shown(browser: Any, database: Path) -> Iterator[Open]:
    """Opens a path of the dashboard; whatever the browser complains about is in the page's `complaints`."""
    dashboard = Dashboard(Workshop(lambda: Subject(str(database), date(2026, 11, 21)), PATIENCE_S))
    server = Server(Address("127.0.0.1", 0), dashboard.routes, [dashboard.close])
    server.start()
    contexts = []

    def shown(path: str, complaints: list[str], **options: object) -> Any:
        contexts.append(browser.new_context(**{"viewport": TALL, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(server.address.url.rstrip("/") + path)
        return page

    yield shown
    for context in contexts:
        context.close()
    server.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (820, "light"), (1440, "dark")])
def test_charts_under_the_policy(shown: Open, width: int, scheme: str) -> None:
    """At each size all charts are drawn, nothing is wider than the screen, and no script or style is refused."""
    complaints: list[str] = []
    page = shown("/?tag:team=*", complaints, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator(".plot .cartesianlayer").nth(2).wait_for(state="attached")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelectorAll('.plot b, .plot a, .plot script').length") == 0
    assert complaints == []


def test_names_in_a_chart(shown: Open) -> None:
    """A name in what a chart says under the pointer is text."""
    complaints: list[str] = []
    page = shown("/?model=" + "*script*,*bold*,*href*", complaints)
    page.locator(".plot .bars").first.wait_for(state="attached")
    page.evaluate("Plotly.Fx.hover(document.querySelector('.plot'), [{curveNumber: 0, pointNumber: 166}])")
    page.wait_for_selector(".hoverlayer .legend text, .hoverlayer text")

    assert page.evaluate("document.querySelectorAll('.hoverlayer a').length") == 0
    assert complaints == []


def test_a_hostile_run(shown: Open) -> None:
    """The tree of a run whose name is a script shows the script."""
    complaints: list[str] = []
    page = shown("/trace?id=" + "%3Cscript%3Ealert(1)%3C%2Fscript%3E", complaints)
    page.locator("#tree summary").first.click()

    assert page.locator("h1").inner_text() == HOSTILE[0]
    assert page.locator("pre").first.is_visible()
    assert complaints == []


def test_a_phone_reads_a_tree_without_scrolling(shown: Open) -> None:
    """At 390 pixels each line of the tree has its name, bar and figures within the screen, and so has a call's page."""
    page = shown("/trace?id=" + "%3Cb%3Ebold%3C%2Fb%3E%E2%80%AEgnp.exe", [], viewport={"width": 390, "height": 900})
    right = "[...document.querySelectorAll('main table *')].every(it => it.getBoundingClientRect().right <= innerWidth)"
    bar, cost = (page.locator(f".tree .call {part}").first.bounding_box() for part in ("svg", "td.usd"))

    assert page.evaluate(right)
    assert bar["width"] > 200
    assert cost["y"] < bar["y"]
    page.locator(".tree .call a").first.click()
    page.wait_for_url("**/call/**")
    assert page.evaluate(right)


@pytest.mark.slow
def test_it_renews_itself(shown: Open, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new call shows up by itself; place, focus and open tables stay, and the page is not loaded again."""
    monkeypatch.setattr(workshop, "FRESH_S", 0.1)
    complaints: list[str] = []
    page = shown("/", complaints)
    page.wait_for_selector(".plot .main-svg")
    page.evaluate("window.same = true")
    page.locator("#spend-table summary").click()
    page.locator("#recent a").first.focus()
    page.evaluate("scrollTo(0, 700)")
    place = page.evaluate("scrollY")
    before = page.locator("#figures").inner_text()
    stored(database, [call("fresh", started_at=datetime.now(UTC), request_model="brand-new", model="brand-new")])
    page.locator("#recent", has_text="brand-new").wait_for()

    assert page.locator("#figures").inner_text() != before
    assert page.evaluate("window.same && scrollY") == place
    assert page.evaluate("document.querySelector('#spend-table').open")
    assert page.evaluate("document.activeElement.closest('#recent') !== null")
    assert complaints == []


def test_it_can_be_paused(shown: Open) -> None:
    """Paused by the keyboard it asks no more, and goes on when that is pressed again."""
    page = shown("/", [])
    button = page.locator("#pause")
    button.focus()
    page.keyboard.press("Enter")

    assert button.get_attribute("aria-pressed") == "true"
    assert button.inner_text() == "Paused"
    with page.expect_request("**/"):
        page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"


def test_filters_by_the_keyboard(shown: Open) -> None:
    """A filter is set without a mouse, and is in the address, so that it can be passed on."""
    page = shown("/", [])
    page.locator("#choose summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("customer", exact=True).first.fill("line*")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?customer=line*")

    assert "3" in page.locator(".cards").inner_text()


def test_without_scripts(shown: Open) -> None:
    """Where scripts are off the tables say what the charts would."""
    page = shown("/", [], java_script_enabled=False)
    page.locator("#spend-table summary").click()

    assert page.locator("#spend-table td").first.is_visible()
    assert not page.locator(".plot").first.is_visible()

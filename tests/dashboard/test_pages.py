import json
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from llmobs.dashboard import pages
from llmobs.dashboard.pages import Answer, Pages, Source
from llmobs.event import CostStatus
from tests.dashboard.calls import HOSTILE, NOW, call, failed, hostile, stored, unpriced
from tests.store.files import foreign

PRICES = date(2026, 11, 21)
KEPT = json.dumps({"request": {"messages": [{"role": "user", "content": "Why?"}]}, "response": "y" * 5000})
CALLS = (
    call("1", 1, customer_id="acme", run_id="run-1", section="agent:a", content=KEPT, input_tokens=90),
    call("2", 2, customer_id="acme", cost_status=CostStatus.ESTIMATED, policy="cache", list_cost_usd=3),
    failed("3", 3, run_id="run-1"),
    failed("4", 3, policy="budget:all"),
    unpriced("5", 26, response_model="mystery"),
    call("6", 30, cost_usd=None, cost_status=CostStatus.PENDING, job_id="job", operation="batch"),
    call("7", 24 * 9, trace_id="0af7651916cd43dd8448eb211c80319c"),
)


class Seen(HTMLParser):
    """A page as a browser reads it: elements with attributes, and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All that can be read, without the space between."""
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Pages of a database with calls of every kind."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "policy.yaml").write_text("budgets: [{name: all, limit_usd: 5, per: month}]")
    return _pages(stored(folder / "events.duckdb", CALLS), folder / "policy.yaml")


def _pages(db: Path, policy: Path | None = None) -> Pages:
    return Pages(Source(str(db), PRICES, policy), lambda: NOW)


def seen(answer: Answer) -> Seen:
    """What a browser makes of a page."""
    assert answer.html.startswith("<!doctype html>")
    return Seen(answer.html)


def test_overview(made: Pages) -> None:
    """The first page says what was spent, on what, what is not known of it, and how far budgets are used."""
    answer = made.answer("/", "")
    text = seen(answer).text

    assert answer.status == 200
    assert "≥$4.00 · LLMObserve" in text
    assert "1 call of unknown cost" in text
    assert "mystery openai unpriced 1" in text
    assert "pending since 2026-11-27 06:00" in text
    assert "overloaded error openai" in text
    assert "budget:all refused by your rule" in text
    assert "answered from the cache" in text
    assert "all month ≥$6.00 $5.00 120.0% over · calls of unknown cost: 2" in text
    assert "prices as of 2026-11-21, 7 days old" in text
    assert "2.0× before" in text


def test_figures_are_the_reports(made: Pages) -> None:
    """A chart's numbers add up to the sum that is shown."""
    html = made.answer("/", "").html
    drawn = json.loads(html.partition('id="spend-data">')[2].partition("</script>")[0])

    assert sum(sum(series["y"]) for series in drawn["series"]) == 4.0
    assert drawn["step"] == "hour"


def test_filters(made: Pages) -> None:
    """A filter in the address leaves only its calls, is shown, and can be taken away."""
    page = seen(made.answer("/", "customer=acme&measure=calls&stack=provider&by=customer,tag:team"))
    links = [attributes.get("href") for tag, attributes in page.elements if tag == "a"]

    assert "customer acme ×" in page.text
    assert "≈$4.00" in page.text
    assert "Calls over time by provider" in page.text
    assert "/?stack=provider&measure=calls&by=customer,tag:team" in links


def test_nothing_there(made: Pages) -> None:
    """Where no call fits the page says so, and leads back."""

    assert (
        "No calls here Nothing was called in this period with these filters" in seen(made.answer("/", "model=x")).text
    )


def test_empty_database(tmp_path: Path) -> None:
    """A database without a call tells how one gets there."""
    empty = _pages(stored(tmp_path / "events.duckdb", []))

    assert "Send a call through the proxy" in seen(empty.answer("/", "since=all")).text


def test_fields_of_a_form_become_a_short_address(made: Pages) -> None:
    """An address with empty fields leads to the one without."""

    assert made.answer("/", "since=7d&model=gpt-*&customer=&tag=") == Answer(303, location="/?model=gpt-*")


def test_no_view(made: Pages) -> None:
    """What can't be shown is refused with what there is."""
    answer = made.answer("/", "modle=x")

    assert answer.status == 400
    assert "there is nothing called modle" in seen(answer).text


def test_trace(made: Pages) -> None:
    """A run is a tree with sums, and its content where it was kept."""
    answer = made.answer("/trace", "id=run-1")
    text = seen(answer).text

    assert answer.status == 200
    assert "agent:a 1 call" in text
    assert "overloaded" in text
    assert "Why?" in text
    assert "All of it, as it was sent" in text


def test_a_trace_without_a_run(made: Pages) -> None:
    """A trace is found by its id."""

    assert "Trace 1 call" in seen(made.answer("/trace", "id=0af7651916cd43dd8448eb211c80319c")).text


def test_a_long_run(made: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of many calls leads to what was said in them, and does not hold it."""
    monkeypatch.setattr(pages, "CALLS_WITH_CONTENT", 1)
    page = seen(made.answer("/trace", "id=run-1"))

    assert "Why?" not in page.text
    assert "/call/1#kept" in [attributes.get("href") for _, attributes in page.elements]


def test_a_call(made: Pages) -> None:
    """A call's page has its charges, every column that says something, and its whole content."""
    text = seen(made.answer("/call", "id=1")).text

    assert "input 1,000 2.5 per 1,000,000 0.0025" in text
    assert "cost_usd 2 " in text
    assert "customer acme" in text
    assert "y" * 5000 in text
    assert "Not kept." in seen(made.answer("/call", "id=3")).text


def test_attempts_of_a_call(tmp_path: Path) -> None:
    """Each attempt's page has all of them, leads to the others, and says what went wrong with it."""
    first = failed("a/1", 1, attempt=1, status_code=529, run_id="run <1>")
    later = [
        failed("a/2", 0.9, attempt=2, retry_of="a/1", error_type=HOSTILE[0], reason=HOSTILE[1]),
        call("a/3", 0.8, attempt=3, retry_of="a/2", model=HOSTILE[2], run_id=None),
    ]
    made = _pages(stored(tmp_path / "events.duckdb", [first, *later, call("b", 1, run_id=None)]))
    pages = [seen(made.answer("/call", urlencode({"id": key}))) for key in ("a/1", "a/2", "a/3", "b")]
    links = [[each.get("href") for tag, each in page.elements if tag == "a"] for page in pages]

    assert ["What went wrong" in page.text for page in pages] == [True, True, False, False]
    assert "Ended error Status 529 Error overloaded Class transient" in pages[0].text
    assert "1 , this one" in pages[0].text
    assert "2 , this one" in pages[1].text
    assert HOSTILE[1] in pages[2].text
    assert {"/call/a%2F2", "/call/a%2F3", "/trace/run%20%3C1%3E"} <= set(links[0])
    assert links[1].count("/call/a%2F1") == 2
    assert "Attempts" not in pages[3].text
    assert not {"script", "img"} & {tag for page in pages for tag, each in page.elements if not each.get("src")}


@pytest.mark.parametrize(("path", "query"), [("/trace", "id=none"), ("/trace", ""), ("/call", "id=none")])
def test_nothing_found(made: Pages, path: str, query: str) -> None:
    """What is not there is 404."""

    assert made.answer(path, query).status == 404


def test_missing_and_foreign_database(tmp_path: Path) -> None:
    """A database that is not there yet is no error; one of another program can't be read."""
    other = tmp_path / "other.duckdb"
    foreign(other)
    missing, refused = _pages(tmp_path / "none.duckdb").answer("/", ""), _pages(other).answer("/", "")

    assert (missing.status, refused.status) == (200, 503)
    assert "does not exist: start the proxy first" in seen(missing).text


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Pages of calls whose names are markup, scripts and signs that can't be seen."""
    return _pages(stored(tmp_path_factory.mktemp("hostile") / "events.duckdb", hostile()))


def _everywhere() -> list[tuple[str, str]]:
    by = "by=model,provider,customer,run,section,feature,client,policy,tag:team"
    runs = [("/trace", urlencode({"id": name})) for name in HOSTILE]
    calls = [("/call", urlencode({"id": f"{kind}<{at}>"})) for at in range(len(HOSTILE)) for kind in ("call", "failed")]
    views = [("/", f"customer={quote(name[:500])}&{by}") for name in HOSTILE]
    return [("/", by), ("/", "tag:team=*"), *runs, *calls, *views]


def test_names_are_only_ever_text(attacked: Pages) -> None:
    """Whatever traffic says, pages have the elements, attributes and targets of the templates alone."""
    for path, query in _everywhere():
        page = seen(attacked.answer(path, query))
        scripts = [attributes for tag, attributes in page.elements if tag == "script"]
        targets = [
            value for _, attributes in page.elements for name, value in attributes.items() if name in ("href", "src")
        ]

        assert all(script.get("type") == "application/json" or "/static/" in str(script["src"]) for script in scripts)
        assert all(str(target).startswith(("/", "#")) for target in targets)
        assert not {tag for tag, _ in page.elements} & {"b", "img", "iframe", "style"}
        assert not any(name.startswith("on") or name == "style" for _, each in page.elements for name in each)
        assert not any(sign in page.text for sign in "\x1b\u202e")


def test_hostile_names_can_be_followed(attacked: Pages) -> None:
    """Every name in a panel leads to its calls alone."""
    page = seen(attacked.answer("/", "by=customer"))
    links = [str(attributes["href"]) for tag, attributes in page.elements if attributes.get("title") == "Only these"]

    assert len(links) == 8
    for link in links:
        assert "Calls 3" in seen(attacked.answer("/", link.removeprefix("/?"))).text


def test_long_content_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page never holds more of a content than helps; what is no JSON is shown as it is."""
    monkeypatch.setattr(pages, "CONTENT_CHARS", 10)

    assert pages.pretty('{"a":1}') == '{\n  "a": 1\n… 2 more characters are in the database'
    assert pages.pretty("plain") == "plain"
    assert pages.pretty(None) == ""


def test_prices_that_are_old(tmp_path: Path) -> None:
    """Prices of long ago are remarked upon."""
    old = Pages(Source(str(stored(tmp_path / "events.duckdb", CALLS)), date(2026, 9, 1)), lambda: NOW)

    assert "88 days old: make prices brings newer ones" in seen(old.answer("/", "")).text


def test_whole_period(made: Pages) -> None:
    """All calls are from the first to the last of them, and have nothing before."""

    def page(query: str) -> str:
        return seen(made.answer("/", query)).text

    assert "2026-11-19 12:00 to 2026-11-28 11:00" in page("since=all")
    assert "2026-11-19 00:00 to 2026-11-20 00:00" in page("since=2026-11-19&until=2026-11-20")
    assert "2026-11-27 12:00 to 2026-11-28 12:00" in page("since=24h&until=9999-01-01")
    assert "0001-01-01 00:00 to 2026-11-28 12:00" in page("since=0001-01-01")

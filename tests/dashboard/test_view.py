from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from llmobs.dashboard.view import MOST_PANELS, PANELS, View, ViewError

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def view(query: str) -> View:
    """The view of a URL's query."""
    return View.of(parse_qsl(query, keep_blank_values=True))


def test_usual_view() -> None:
    """Without a word it is the last seven days of all calls, and its address is the shortest."""

    assert view("since=&model=") == View()
    assert View().url() == "/"


@pytest.mark.parametrize(
    "query",
    [
        "since=30d&model=gpt-*,o3&customer=a%26b",
        "until=2026-11-20&tag:team=red",
        "stack=customer&measure=calls&by=model,tag:team",
        "since=all&key_name=%5C(none)",
    ],
)
def test_address_says_the_view(query: str) -> None:
    """An address that a view gives leads to the same view."""
    said = view(query)

    assert view(said.url().removeprefix("/?")) == said


def test_fields_of_a_form() -> None:
    """A form says a tag with its name, and each panel in a field of its own; a field that is said twice is either."""
    said = view("tag=team%3Dred&by=model&by=run&by=model&key=a&key=b&stack=key")

    assert said.where == {"tag:team": "red", "api_key": "a,b"}
    assert said.by == ("model", "run")
    assert (said.tag, said.stack) == ("team=red", "api_key")


def test_narrower_and_wider() -> None:
    """A click on a name adds a filter for it alone; another one takes it away."""
    narrow = View().narrowed("customer", "a,b")

    assert view(narrow.removeprefix("/?")).where == {"customer": r"a\,b"}
    assert view(narrow.removeprefix("/?")).widened("customer") == "/"


def test_what_queries_are_told() -> None:
    """Period, filters as expressions, and the name of the tag."""
    told = view("since=24h&until=2026-11-29&model=gpt-*&tag:team=red").variables(NOW)

    assert told == {
        "since": datetime(2026, 11, 27, 12),  # noqa: DTZ001 -- as the database has them
        "until": datetime(2026, 11, 29),  # noqa: DTZ001
        "only_model": r"gpt\-(?s:.*)",
        "only_tag": "red",
        "tag_name": "team",
    }


def test_period_before() -> None:
    """It is as long as this one and ends where this one begins; all calls have none before."""
    before = view("since=24h").before(NOW)

    assert before == {"since": datetime(2026, 11, 26, 12), "until": datetime(2026, 11, 27, 12)}  # noqa: DTZ001
    assert view("since=all").before(NOW) is None
    assert view("since=0001-01-01").before(NOW) is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("foo=1", "nothing called foo; there are model"),
        ("by=foo", "nothing called foo"),
        ("stack=day", "nothing called day"),
        ("tag:=1", "nothing called tag:"),
        ("measure=euro", "measure=euro is no measure"),
        ("since=never", "since: never is no time"),
        ("until=7x", "until: 7x is no time"),
        ("tag=red", "red is no tag"),
        ("tag:a=1&tag:b=2", "one tag at a time, not tag:a and tag:b"),
        ("model=" + "x" * 2001, "model is longer than 2,000 characters"),
    ],
)
def test_what_is_no_view(query: str, words: str) -> None:
    """What a page can't show is refused with what there is."""

    with pytest.raises(ViewError, match=words):
        view(query)


def test_panels_are_bounded() -> None:
    """So many panels are shown, and the usual ones where none is named."""

    assert len(view("by=" + ",".join(f"tag:{0}" for _ in range(99))).by) == MOST_PANELS
    assert view("by=,").by == PANELS

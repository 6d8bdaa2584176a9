"""Tests of how members are written and bounded."""

import logging
import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.sections import members
from tests.sections import observing

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def test_baggage_leaves_out_the_time_alone() -> None:
    """Where nothing is set, nothing is told, the time included."""

    assert members.baggage({}) == ""
    assert members.headers({}) == {}


def test_baggage_keeps_what_others_wrote() -> None:
    """Members of others stay as they are and come first; one of the same name as ours gives way to ours."""
    present = "userId=alice;ttl=60, llmobserve.customer_id=old ,x=1"

    written = members.baggage({"customer_id": "acme"}, present)

    assert written.startswith("userId=alice;ttl=60,x=1,llmobserve.customer_id=acme,llmobserve.timestamp=2")


def test_baggage_keeps_what_the_user_wrote_in_our_name() -> None:
    """A member that the user put into the baggage himself stays where nothing of ours is told."""
    present = "llmobserve.customer_id=acme"

    assert members.baggage({}, present) == present


def test_baggage_takes_off_what_an_earlier_request_told() -> None:
    """Members that were written here, for the request that a redirect repeats, are taken off."""
    earlier = members.baggage({"customer_id": "acme", "tag.a": "b"}, "x=1")

    assert members.baggage({}, earlier) == "x=1"


@given(st.dictionaries(st.sampled_from([*members.SETTINGS, "section", "tag.a", "tag.b"]), TEXT, min_size=1))
def test_baggage_is_read_back(told: dict[str, str]) -> None:
    """Any text comes out as it went in, and what lies between is baggage: printable ASCII without delimiters."""

    written = members.baggage(told)

    assert {name: value for name, value in observing.members(written).items() if name != "timestamp"} == told
    assert set(written) <= {*string.ascii_letters, *string.digits, *"-._~%=,"}


@given(
    st.dictionaries(TEXT.map("tag.{}".format), st.text(max_size=400), max_size=80),
    st.lists(st.text("ab=", max_size=300), max_size=70),
)
def test_baggage_stays_within_limits(tags: dict[str, str], others: list[str]) -> None:
    """What is written never brings the header over the limits, whatever is set and whatever is there."""
    present = ",".join(other for other in others if other)

    written = members.baggage({"customer_id": "acme", **tags}, present)

    if written != present:
        assert len(written) <= max(members.BYTES, len(present))
        assert written.count(",") < max(members.MOST, present.count(",") + 1)


def test_tags_give_way_first() -> None:
    """Where there is too much to tell, tags are left out and the rest is told, however it was set."""
    tags = {f"tag.{number}": "x" * 500 for number in range(30)}

    written = observing.members(members.baggage({**tags, "variant_id": "b", "customer_id": "acme"}))

    assert (written["customer_id"], written["variant_id"]) == ("acme", "b")
    assert 10 < len(written) < 30


def test_a_value_that_is_too_long_is_left_out_alone() -> None:
    """One value that does not fit does not cost the others."""
    written = observing.members(members.baggage({"customer_id": "x" * 9000, "run_id": "nightly"}))

    assert written.keys() == {"run_id", "timestamp"}


def test_headers_are_readable_where_they_can_be() -> None:
    """Printable ASCII is sent as it is and the rest percent-encoded; of tags, names and values are."""
    told = {
        "customer_id": "acme & co",
        "run_id": "Nacht\n1",
        "variant_id": "50%25",
        "tag.plan": "a;b",
        "tag.größe": "1",
    }

    written = members.headers(told)

    assert written["X-LLMObserve-Customer-ID"] == "acme & co"
    assert written["X-LLMObserve-Run-ID"] == "Nacht%0A1"
    assert unquote(written["X-LLMObserve-Variant-ID"]) == "50%25"
    assert written["X-LLMObserve-Tags"] == "plan=a%3Bb;gr%C3%B6%C3%9Fe=1"
    assert unquote(written["X-LLMObserve-Tags"].split(";")[1]) == "größe=1"


def test_time_is_rfc_3339() -> None:
    """The time is UTC with milliseconds."""
    assert members.headers({"run_id": "r"})["X-LLMObserve-Timestamp"][10::13] == "TZ"


def test_text_that_has_no_encoding_is_replaced() -> None:
    """Half a surrogate pair, which UTF-8 can't hold, costs its own place and nothing else."""
    assert observing.members(members.baggage({"run_id": "a\ud800b"}))["run_id"] == "a?b"


def test_none_takes_away() -> None:
    """A setting of None takes away what is set; other values become text."""
    set_before = {"customer_id": "acme", "tag.a": "1", "tag.b": "2"}

    assert members.merged(set_before, {"customer_id": None, "tags": {"a": None, "c": 3}}) == {
        "tag.b": "2",
        "tag.c": "3",
    }


def test_a_setting_that_is_not_known_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """A misspelt setting is warned about and costs nothing else."""
    with caplog.at_level(logging.WARNING):
        assert members.merged({}, {"custmer": "acme", "run_id": 1}) == {"run_id": "1"}

    assert caplog.messages == ["sections know no custmer"]

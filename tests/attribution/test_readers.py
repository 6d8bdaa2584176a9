"""What requests say of themselves, in the forms that programs write it."""

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs import attribution
from llmobs.attribution import COLUMNS, NOTHING, Attribution
from llmobs.attribution.pairs import plain
from llmobs.attribution.said import LONGEST, LONGEST_NAME, MOST_TAGS

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


def header(**values: str) -> Attribution:
    """What our own headers say, by the ends of their names."""
    return attribution.of_headers({attribution.HEADER + name.replace("_", "-"): v for name, v in values.items()})


# A value for each column that it takes.
VALUES = {name: f"the {name}" for name in COLUMNS} | {"trace_id": TRACE, "span_id": SPAN, "parent_span_id": SPAN}


def test_each_header_fills_its_column() -> None:
    """Every column has a header of its name."""
    said = header(**VALUES)

    assert said.columns == VALUES
    assert (said.tags, said.tags_json(), said.sent_at, said.unknown) == ({}, None, None, ())


def test_unknown_headers_are_named() -> None:
    """A header of ours that means nothing is told, for a warning."""
    said = header(costumer_id="acme")

    assert (said.columns, said.unknown) == ({}, ("x-llmobserve-costumer-id",))


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ("team=search;env=prod", {"team": "search", "env": "prod"}),
        ("team=search, env = prod", {"team": "search", "env": "prod"}),
        ("a%3Bb=c%2Cd;e=%C3%A9;f=g=h", {"a;b": "c,d", "e": "é", "f": "g=h"}),
        ('{"team": "search", "n": 3, "deep": {"a": [1]}, "no": null, "yes": true, "x": "50%25"}',
         {"team": "search", "n": "3", "deep": '{"a": [1]}', "yes": "true", "x": "50%25"}),
        ('{"name": "Z\u00c3\u00bcrich"}', {"name": "Zürich"}),
        ('{"half": "\\ud800"}', {}),
        ("{not json", {}),
        ('{"long": "' + "x" * 9000 + '"}', {}),
        ("[1]", {}),
        ("bare;=empty;none=", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_tags(value: str, tags: dict[str, str]) -> None:
    """Tags are pairs or a JSON object; what is neither says nothing."""
    said = header(tags=value)

    assert said.tags == tags
    assert msgspec.json.decode(said.tags_json() or "{}") == tags


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("timestamp", "yesterday", True),
        ("timestamp", " ", False),
        ("tags", '{"k":', True),
        ("tags", "{}", False),
        ("tags", "team", True),
        ("tags", "a=b;team", True),
        ("tags", "=b", True),
        ("tags", "a=b;;c=; ", False),
        ("tags", "", False),
        ("trace_id", "foo", True),
        ("trace_id", "0" * 32, True),
        ("trace_id", TRACE[1:], True),
        ("trace_id", f"{TRACE}0", True),
        ("trace_id", f" {TRACE.upper()}", False),
        ("trace_id", "", False),
        ("span_id", "zz", True),
        ("span_id", SPAN, False),
        ("parent_span_id", TRACE, True),
    ],
)
def test_values_that_can_not_be_read_are_named(name: str, value: str, *, named: bool) -> None:
    """The header is told, for a warning, and what it holds is not; an empty value says nothing."""
    said = header(**{name: value})

    assert said.unknown == ((f"x-llmobserve-{name.replace('_', '-')}",) if named else ())
    assert name not in said.columns or said.columns[name] == value.strip().lower()


def test_what_can_be_read_of_tags_is_kept() -> None:
    """A part that is no pair costs the other tags nothing."""
    assert header(tags="a=b;team").tags == {"a": "b"}


def test_values_of_baggage_that_can_not_be_read_are_named() -> None:
    """They are told by the member's name, as those of headers are by the header's."""
    said = attribution.of_baggage(["llmobserve.trace_id=foo", "llmobserve.timestamp=now", f"llmobserve.span_id={SPAN}"])

    assert (said.columns, said.sent_at) == ({"span_id": SPAN}, None)
    assert said.unknown == ("llmobserve.trace_id", "llmobserve.timestamp")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1763636400", 1763636400.0),
        ("1763636400.25", 1763636400.25),
        ("1763636400250", 1763636400.25),
        ("1763636400250000", 1763636400.25),
        ("2025-11-20T11:00:00Z", 1763636400.0),
        (" 2025-11-20T12:00:00.250+01:00 ", 1763636400.25),
        ("2025-11-20T11:00:00", None),
        ("2025-11-20T25:00:00Z", None),
        ("nan", None),
        ("-5", None),
        ("yesterday", None),
    ],
)
def test_timestamp(value: str, seconds: float | None) -> None:
    """A moment is RFC 3339 with its offset, or a number since 1970 in seconds or finer."""
    assert header(timestamp=value).sent_at == (None if seconds is None else pytest.approx(seconds))
    assert attribution.of_baggage([f"llmobserve.timestamp={quote(value)}"]).sent_at == header(timestamp=value).sent_at


def test_values_are_one_bounded_line() -> None:
    """Bytes that are UTF-8 and percent signs are decoded, control characters dropped, long text is cut."""
    said = header(
        customer_id="Z\u00c3\u00bcrich", run_id="a%0Ab\x00c", section="x" * 999, variant_id="\u00fc", span_id=" "
    )

    assert said.columns == {"customer_id": "Zürich", "run_id": "abc", "section": "x" * LONGEST, "variant_id": "ü"}


def test_tags_are_bounded() -> None:
    """So many tags are kept, and no more, of so long names."""
    said = header(tags=";".join(f"{number:03}{'n' * 99}=v" for number in range(99)))

    assert len(said.tags) == MOST_TAGS
    assert {len(name) for name in said.tags} == {LONGEST_NAME}


def test_a_tag_that_is_told_again_has_room() -> None:
    """A tag that is there may change even where no other fits."""
    said = header(tags=";".join([*(f"t{number}=v" for number in range(MOST_TAGS)), "t0=w", "more=x"]))

    assert (said.tags["t0"], len(said.tags)) == ("w", MOST_TAGS)


def test_baggage() -> None:
    """Members of ours are read, properties left aside, and what means nothing is named."""
    said = attribution.of_baggage(
        [
            *(f" llmobserve.{name}={quote(value)} ;ttl=3" for name, value in VALUES.items()),
            "llmobserve.tag.my%20team=a%2Cb",
            "llmobserve.costumer=x",
        ]
    )

    assert said.columns == VALUES
    assert (said.tags, said.unknown) == ({"my team": "a,b"}, ("llmobserve.costumer",))


@pytest.mark.parametrize(
    ("value", "ours", "left"),
    [
        ("a=1,b=2;p=%20q", [], "a=1,b=2;p=%20q"),
        ("llmobserve.run_id=r", ["llmobserve.run_id=r"], None),
        ("llmobserve.run_id=r, a=1 ;p ,\tb=2", ["llmobserve.run_id=r"], "a=1 ;p ,\tb=2"),
        ("a=1, LLMObserve.x=2 ,b=3", [" LLMObserve.x=2 "], "a=1,b=3"),
        ("llmobserve.a=1,", ["llmobserve.a=1"], None),
        ("", [], ""),
    ],
)
def test_baggage_is_split(value: str, ours: list[str], left: str | None) -> None:
    """Members of others stay byte for byte and in their order; a header of ours alone goes."""
    assert attribution.split_baggage(value) == (ours, left)


@pytest.mark.parametrize(
    "value", [TRACEPARENT, f" {TRACEPARENT}", f"cc-{TRACE}-{SPAN}-00-what.later", f"01-{TRACE}-{SPAN}-00"]
)
def test_traceparent(value: str) -> None:
    """The trace and the calling span are those of the header, also of a later version."""
    assert attribution.of_trace(value).columns == {"trace_id": TRACE, "span_id": SPAN}


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}{SPAN}-01",
    ],
)
def test_malformed_traceparent(value: str) -> None:
    """One that the specification does not allow says nothing."""
    assert attribution.of_trace(value) is NOTHING


def test_the_first_is_believed() -> None:
    """Each field is that of the first who says it; tags add up."""
    first = header(customer_id="acme", tags="a=1;b=1")
    second = attribution.of_baggage(
        ["llmobserve.customer_id=other", "llmobserve.run_id=r", "llmobserve.tag.b=2", "llmobserve.timestamp=5"]
    )
    merged = attribution.merge(first, NOTHING, second, attribution.of_user("run=x;c=3;nobody"))

    assert merged.columns == {"customer_id": "acme", "run_id": "r"}
    assert merged.tags == {"a": "1", "b": "1", "c": "3", "user": "nobody"}
    assert merged.sent_at == 5
    assert attribution.merge(NOTHING) is attribution.merge() is NOTHING
    assert attribution.merge(NOTHING, first) is first


def test_merged_tags_are_bounded() -> None:
    """Together they are no more than alone, and the first are believed."""
    first, second = (header(tags=";".join(f"{name}{number}=v" for number in range(20))) for name in "ab")
    merged = attribution.merge(first, second)

    assert len(merged.tags) == MOST_TAGS
    assert set(first.tags) < set(merged.tags)


@given(st.dictionaries(st.sampled_from([*COLUMNS, "tags", "timestamp", "other"]), st.text()))
def test_headers_are_never_too_odd(values: dict[str, str]) -> None:
    """Whatever headers hold, what is read can be stored: printable and short."""
    check(header(**values))


@given(st.sampled_from(["trace_id", "span_id", "parent_span_id"]), st.text() | st.from_regex("[0-9a-fA-F]{16,32}"))
def test_ids_are_hex_or_named(name: str, value: str) -> None:
    """An id is stored with its digits, or its header is named, or there is nothing to it."""
    said = header(**{name: value})

    assert not said.columns or len(bytes.fromhex(said.columns[name])) == (16 if name == "trace_id" else 8)
    assert len(said.columns) + len(said.unknown) == 1 or not "".join(filter(str.isprintable, plain(value))).strip()


@given(st.text())
def test_moments_are_read_or_named(value: str) -> None:
    """A timestamp is read, or its header is named, or there is nothing to it."""
    said = header(timestamp=value)

    assert (said.sent_at is not None) + len(said.unknown) == (1 if plain(value).strip() else 0)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_objects_of_tags_are_read(tags: dict[str, str]) -> None:
    """No JSON object of short texts is named, and half of one is."""
    text = msgspec.json.encode(tags).decode()

    assert header(tags=text).unknown == ()
    assert header(tags=text[:-1]).unknown == ("x-llmobserve-tags",)


@given(st.text())
def test_baggage_is_never_too_odd(value: str) -> None:
    """Whatever baggage holds, what is ours is taken off and can be stored, and what is left is not ours."""
    for text in (value, f"llmobserve.{value}", f"a=b,llmobserve.tag.{value}"):
        ours, left = attribution.split_baggage(text)
        check(attribution.of_baggage(ours))
        assert attribution.split_baggage(left or "")[0] == []


@given(st.lists(st.tuples(st.booleans(), st.text(st.characters(exclude_characters=","))), max_size=9))
def test_baggage_of_others_is_left_alone(members: list[tuple[bool, str]]) -> None:
    """With our members among them, those of others are what they are without."""
    every = [f"{'llmobserve.' if ours else 'o.'}{text}" for ours, text in members]
    others = [text for text in every if text.startswith("o.")]

    assert (attribution.split_baggage(",".join(every))[1] or "").strip() == ",".join(others).strip()


@given(st.text())
def test_traceparent_is_never_too_odd(value: str) -> None:
    """Whatever it holds, there is a trace or none."""
    check(attribution.of_trace(value))


def check(said: Attribution) -> None:
    """All of it can be stored."""
    texts: list[Any] = [*said.columns.values(), *said.tags, *said.tags.values()]
    assert all(text.isprintable() and 0 < len(text) <= LONGEST for text in texts)
    assert len(said.tags) <= MOST_TAGS
    assert said.tags_json() is None or msgspec.json.decode(said.tags_json() or "") == said.tags

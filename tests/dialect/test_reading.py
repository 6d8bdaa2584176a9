import re
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.dialect import Count, Dialect, fold, number, read, steps, visit

INCLUSIVE = Dialect(
    "inclusive",
    usage=("usage",),
    counts=(
        Count("input", ("in",)),
        Count("cached_input", ("cached",), within=("input",)),
        Count("input_audio", ("audio",), within=("input",)),
        Count("cached_input_audio", ("cached_audio",), within=("cached_input", "input_audio", "input")),
        Count("output", ("out",)),
        Count("reasoning", ("thought",), within=("output",)),
    ),
    total="total",
)
COUNTS = st.integers(0, 10**9)


def quantities(usage: Mapping[str, object], dialect: Dialect = INCLUSIVE) -> dict[str, object]:
    """The units of a usage object that has one reading."""

    (reading,) = read(dialect, usage)
    return dict(reading.quantities)


def test_steps_of_a_path() -> None:
    """A path is keys and selectors."""

    assert steps("a.b[k=v].c") == ("a", "b", ("k", "v"), "c")
    assert steps("a[].b") == ("a", ("", ""), "b")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", [1]),
        ("list[].n", [1, 2]),
        ("list[k=y].n", [2]),
        ("list[k=z].n", []),
        ("null.x", []),
        ("a[].b", []),
        ("list.n", []),
        ("texts[k=v]", []),
    ],
)
def test_visit_finds_what_is_there(path: str, found: list[object]) -> None:
    """A path gives every value that is there, and nothing for missing, null or other shapes."""

    tree = {"a": {"b": 1}, "list": [{"k": "x", "n": 1}, {"k": "y", "n": 2}], "null": None, "texts": ["v"]}

    assert list(visit(tree, path)) == found


@pytest.mark.parametrize("value", [True, "seven", "-7", "1e9", "٧", "", -1, None, [1], {}])
def test_number_takes_numbers_only(value: object) -> None:
    """Booleans, words, negative and missing values are no counts."""

    assert number({"n": value}, "n") is None


@pytest.mark.parametrize(("text", "found"), [("7", 7), ("0", 0), ("0.50", Decimal("0.5"))])
def test_number_reads_figures_in_texts(text: str, found: object) -> None:
    """A figure may be written as a text, as the seconds of a video and the segments of a message are."""

    assert number({"n": text}, "n") == found


def test_number_adds_a_list() -> None:
    """A path through a list adds up."""

    assert number({"n": [{"c": 2}, {"c": 3}, {}]}, "n[].c") == 5


def test_fold_replaces_as_a_whole() -> None:
    """A running total replaces the one before it, fields that it lacks included."""

    assert fold(INCLUSIVE, {"in": 1, "out": 21}, {"in": 2}) == {"in": 2}


def test_fold_merges_field_by_field() -> None:
    """A cumulative delta overrides what it holds; null is absent, an explicit zero is not."""

    merging = Dialect("merging", usage=("usage",), counts=(), merge=True)

    assert fold(merging, {"in": 5, "out": 1}, {"in": None, "out": 0}) == {"in": 5, "out": 0}
    assert fold(merging, None, {"in": 5}) == {"in": 5}


def test_inner_figures_are_taken_out_once() -> None:
    """A token listed under three headings is counted under the innermost."""

    usage = {"in": 100, "cached": 50, "audio": 40, "cached_audio": 30, "out": 10, "thought": 4, "total": 110}

    assert quantities(usage) == {
        "input": 40,
        "cached_input": 20,
        "input_audio": 10,
        "cached_input_audio": 30,
        "output": 6,
        "reasoning": 4,
    }


def test_what_lies_too_deep_is_passed_over() -> None:
    """An object within hundreds of others costs neither the call's figures nor the stack."""
    deep: dict[str, object] = {"in": 7}
    for _ in range(900):
        deep = {"deep": deep}

    assert quantities({"in": 5, **deep}) == {"input": 5}


def test_inner_figures_never_exceed_the_outer() -> None:
    """More cached tokens than prompt tokens are cut to the prompt, as the provider's sum does not hold them."""

    assert quantities({"in": 10, "cached": 161, "out": 15, "thought": 20, "total": 25}) == {
        "cached_input": 10,
        "reasoning": 15,
    }


def test_the_total_proves_a_figure_to_stand_beside() -> None:
    """Reasoning that the provider's own sum adds is added."""

    assert quantities({"in": 12, "out": 10, "thought": 100, "total": 122}) == {
        "input": 12,
        "output": 10,
        "reasoning": 100,
    }


def test_a_total_that_nothing_explains_is_a_mismatch() -> None:
    """A sum that no reading gives is marked and not guessed at."""

    assert read(INCLUSIVE, {"in": 35, "out": 12, "total": 109})[0].mismatch
    assert read(INCLUSIVE, {"in": 35, "out": 12, "total": 40})[0].mismatch
    assert not read(INCLUSIVE, {"in": 35, "out": 12, "total": 47})[0].mismatch


def test_no_count_is_no_reading() -> None:
    """An object without any figure that is known says nothing, which is not the same as zero."""

    assert read(INCLUSIVE, {"tokens": 5}) == []
    assert quantities({"in": 0, "out": 0}) == {}


def test_refused_hop_of_a_fallback_is_not_billed() -> None:
    """Of a fallback only the model that answered is billed, under its own name."""

    parted = Dialect("parted", usage=("usage",), counts=INCLUSIVE.counts, parts="iterations")
    refused = {"type": "message", "in": 408, "output_tokens": 0}
    served = {"type": "fallback_message", "model": "other", "in": 410, "out": 5}

    readings = read(parted, {"in": 410, "out": 5, "iterations": [refused, served]}, "asked")

    assert [(r.model, dict(r.quantities)) for r in readings] == [("other", {"input": 410, "output": 5})]


def test_apart_by_model() -> None:
    """A figure that one model family lists beside the output is added for it only."""

    gateway = Dialect(
        "gateway", usage=("usage",), counts=INCLUSIVE.counts, apart={"reasoning": re.compile("google/").pattern}
    )
    usage = {"in": 61, "out": 18, "thought": 137}

    assert read(gateway, usage, "google/gemini")[0].quantities == {"input": 61, "output": 18, "reasoning": 137}
    assert read(gateway, usage, "openai/gpt")[0].quantities == {"input": 61, "reasoning": 18}


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_disjoint_units_add_up_to_the_totals(i: int, cached: int, audio: int, both: int, o: int, thought: int) -> None:
    """However a provider splits its totals, the units add up to them and none is negative."""

    usage = {"in": i, "cached": cached, "audio": audio, "cached_audio": both, "out": o, "thought": thought}

    units = read(INCLUSIVE, usage)[0].quantities

    assert all(n > 0 for n in units.values())
    assert sum(n for unit, n in units.items() if "input" in unit) == i
    assert sum(n for unit, n in units.items() if unit in ("output", "reasoning")) == o

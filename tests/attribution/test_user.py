"""What the user name of a proxy says of all calls of a program."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.attribution import of_user, real_user


def test_pairs() -> None:
    """Short and long words fill columns, any other is a tag."""
    said = of_user("customer=acme;run=nightly,section=a/b;feature=search;experiment=e;variant=v;prompt_version=p;"
                   f"feature_version=f;trace={'a' * 32};span={'b' * 16};parent-span={'C' * 16};Team=x")  # fmt: skip

    assert said.columns == {
        "customer_id": "acme",
        "run_id": "nightly",
        "section": "a/b",
        "experiment_id": "e",
        "variant_id": "v",
        "prompt_version": "p",
        "feature_version": "f",
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "parent_span_id": "c" * 16,
    }
    assert said.tags == {"feature": "search", "Team": "x"}


@pytest.mark.parametrize(
    ("name", "columns", "tags", "user"),
    [
        ("ann", {}, {"user": "ann"}, "ann"),
        ("ann;customer=acme", {"customer_id": "acme"}, {"user": "ann"}, "ann"),
        ("customer=acme; ann", {"customer_id": "acme"}, {"user": "ann"}, "ann"),
        ("ann;user=bob", {}, {"user": "ann"}, "ann"),
        ("user=bob", {}, {"user": "bob"}, ""),
        ("customer=acme", {"customer_id": "acme"}, {}, ""),
        ("ann,bob", {}, {"user": "ann,bob"}, "ann,bob"),
        # axios sends what it finds in the URL
        ("customer%3Dacme%3Brun%3Da%253Bb", {"customer_id": "acme", "run_id": "a;b"}, {}, ""),
        ("ann%3Bcustomer%3Dacme", {"customer_id": "acme"}, {"user": "ann"}, "ann"),
        ("customer=a%3Bb", {"customer_id": "a;b"}, {}, ""),
        ("", {}, {}, ""),
    ],
)
def test_user(name: str, columns: dict[str, str], tags: dict[str, str], user: str) -> None:
    """The part that is no pair is the user, whom alone a password belongs to."""
    said = of_user(name)

    assert (said.columns, said.tags, real_user(name)) == (columns, tags, user)


def test_ids_that_are_none() -> None:
    """They are not there, and their words are named."""
    said = of_user("trace=foo;span=zz;customer=acme")

    assert (said.columns, said.unknown) == ({"customer_id": "acme"}, ("trace", "span"))


def test_values_may_be_quoted() -> None:
    """A value may hold what separates pairs where it is percent-encoded once more."""
    assert of_user(f"customer={quote('a;b,c=d')}").columns == {"customer_id": "a;b,c=d"}


@given(st.text())
def test_no_name_is_too_odd(name: str) -> None:
    """Whatever the name, something is said or nothing."""
    for text in (name, f"a=b;{name}", quote(name, safe="", errors="replace")):
        assert real_user(text) is not None
        assert all(value.isprintable() for value in of_user(text).columns.values())

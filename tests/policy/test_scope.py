"""Whom a rule is about."""

from msgspec import structs

from llmobs.policy.scope import WORDS, Scope, known, said
from tests.writer.calls import ended

CALL = structs.replace(ended("a"), customer_id="acme", api_key_id="0a...wxyz", tags='{"team": "red", "size": 3}')


def test_no_condition_is_about_every_call() -> None:
    """Without conditions a rule is about all calls, counted together."""

    assert Scope().fits(CALL)
    assert Scope().group(CALL) == ()


def test_every_condition_must_fit() -> None:
    """Patterns are matched whole, and a word that the call does not say is empty."""

    assert Scope.of({"customer": "ac*", "tag:team": "red"}).fits(CALL)
    assert not Scope.of({"customer": "ac*", "tag:team": "blue"}).fits(CALL)
    assert not Scope.of({"customer": "acm"}).fits(CALL)
    assert not Scope.of({"run": "?*"}).fits(CALL)


def test_groups_are_told_apart_by_their_words() -> None:
    """A call is counted under its own values of the words."""

    assert Scope.of({}, ["customer", "tag:team", "run", "tag:size"]).group(CALL) == ("acme", "red", "", "3")


def test_key_is_called_by_its_name() -> None:
    """A key that has a name is known by it alone."""

    assert said(CALL, "key") == "0a...wxyz"
    assert said(structs.replace(CALL, api_key_name="production"), "key") == "production"


def test_tags_that_are_no_object_say_nothing() -> None:
    """Whatever the column holds, a look at it does not fail."""

    assert said(structs.replace(CALL, tags="[1]"), "tag:team") is None
    assert said(structs.replace(CALL, tags=None), "tag:team") is None


def test_known_words() -> None:
    """A tag needs a name."""

    assert all(map(known, [*WORDS, "tag:team"]))
    assert not known("tag:")
    assert not known("custmer")

"""How the schema's findings are worded and placed."""

import pytest

from llmobs.config import Document, KeyPath, Problem, validated
from llmobs.pricing.schema import PriceFile


def checked(data: object) -> tuple[PriceFile, list[Problem]]:
    """A price file's tree, and what is wrong with it."""
    return validated(Document("f", data), PriceFile, {"dialects": None})


def said(provider: object) -> list[tuple[KeyPath, str]]:
    """What is said about a provider's block, and where."""
    _, found = checked({"providers": {"p": provider}})
    return [(problem.path[2:], problem.text) for problem in found]


def test_good_file_is_a_tree() -> None:
    """A file without problems is a typed tree."""
    file, problems = checked({"providers": {"p": {"name": "P"}}})

    assert problems == []
    assert file.providers["p"].name == "P"


def test_bad_file_is_empty() -> None:
    """A file with a problem gives no tree."""
    file, problems = checked({"providers": {"p": {"name": ""}}})

    assert len(problems) == 1
    assert file.providers == {}


@pytest.mark.parametrize(
    ("provider", "path", "fix"),
    [
        ({"host": []}, ("host",), "did you mean hosts?"),
        ({"routes": [{"path": "/a", "free": "true", "dialct": "x"}]}, ("routes", 0, "dialct"), "did you mean dialect?"),
        ({"models": {"m": [{"input": "1", "outptu": "1"}]}}, ("models", "m", 0, "outptu"), "did you mean output?"),
        ({"models": {"m": [{"input": "1", "form": "1"}]}}, ("models", "m", 0, "form"), "did you mean from?"),
        ({"listed-only": "true"}, ("listed-only",), "did you mean listed_only?"),
        ({"models": {"m": [{"image": "1", "varaint": "x"}]}}, ("models", "m", 0, "varaint"), "did you mean variant?"),
        ({"routes": [{"path": "/a", "free": "true", "biling": "x"}]}, ("routes", 0, "biling"), "did you mean billing?"),
        ({"reported_cost": {"field": "cost", "perusd": "1"}}, ("reported_cost", "perusd"), "did you mean per_usd?"),
    ],
)
def test_unknown_key_gets_the_closest_of_its_place(provider: object, path: KeyPath, fix: str) -> None:
    """A key that is not known is told the closest one that may stand there."""

    assert said(provider) == [(path, f"is not a known key; {fix}")]


def test_unknown_key_of_a_currency() -> None:
    """A key of an exchange rate is told the closest one as well."""
    _, (found,) = checked({"currencies": {"eur": [{"usd": "1.08", "form": "2026-01-01"}]}})

    assert found.path == ("currencies", "eur", 0, "form")
    assert found.text == "is not a known key; did you mean from?"


def test_unknown_key_at_the_top() -> None:
    """A key beside `providers` is told the closest as well."""

    assert checked({"provider": {}})[1][0].text == "is not a known key; did you mean providers?"


@pytest.mark.parametrize(
    ("provider", "path", "text"),
    [
        ({"hosts": "api.x.com"}, ("hosts",), "must be a list; write it as [a, b] or as lines that start with -"),
        ({"models": {"m": {"input": "1"}}}, ("models", "m"), "must be a list; write it as [a, b] or as lines that"),
        ({"models": []}, ("models",), "must be a mapping; write key: value pairs under it"),
        ({"models": {"m": ["1"]}}, ("models", "m", 0), "must be a mapping; write key: value pairs under it"),
        ("text", (), "must be a mapping; write key: value pairs under it"),
        ({"routes": [{"free": "true"}]}, ("routes", 0, "path"), "is missing; add it"),
        ({"aborted": "ful"}, ("aborted",), "'ful' is not known here; did you mean full?"),
        ({"billing": "metred"}, ("billing",), "'metred' is not known here; did you mean metered?"),
    ],
)
def test_wrong_shape(provider: object, path: KeyPath, text: str) -> None:
    """A list, mapping or text in the wrong place is told what belongs there."""
    ((where, what),) = said(provider)

    assert where == path
    assert what.startswith(text)


def test_every_problem_is_told() -> None:
    """All problems of a file are found in one pass, and braces in their texts survive."""
    bad = {
        "billing": "x",
        "routes": [{"path": "/{a}", "free": "no"}],
        "models": {"m": [{"input": "-1", "output": "nan"}]},
    }

    assert [path[0] for path, _ in said(bad)] == ["billing", "routes", "routes", "models", "models"]
    assert "{a} cannot be captured, only {model}, {model**} and {id} can; write /*" in said(bad)[1][1]


def test_bad_provider_id_is_placed_at_the_provider() -> None:
    """A bad key of a mapping is reported where it stands."""

    assert checked({"providers": {"A B": {}}})[1][0].path == ("providers", "A B")

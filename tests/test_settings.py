"""The options, and what is said of values that they can't have."""

from types import SimpleNamespace

import pytest

from llmobs.settings import OPTIONS, Settings, misset


def test_every_option_is_a_setting() -> None:
    """The table of options and the object of their values name the same things."""

    source = SimpleNamespace(**{option.name: option.default for option in OPTIONS})

    settings = Settings.of(source)

    assert {f"llmobserve_{name}" for name in Settings.__slots__} == {option.name for option in OPTIONS}
    assert settings.db == "llmobserve.duckdb"
    assert settings.include_usage is True


def test_only_listed_choices() -> None:
    """A word that is no choice is named with those that are; the defaults are choices."""
    defaults = Settings.of(SimpleNamespace(**{option.name: option.default for option in OPTIONS})).given()

    assert misset(defaults) == []
    assert misset(defaults | {"llmobserve_retries": "skp"}) == [
        "llmobserve_retries=skp: there is no such choice; write link or skip"
    ]


@pytest.mark.parametrize(
    ("name", "texts", "said"),
    [
        ("quiet", ["yes"], "llmobserve_quiet=yes: there is no such choice; write true or false"),
        ("quiet", ["true"], None),
        ("quiet", [], None),
        ("db", [], "llmobserve_db is set to nothing; write llmobserve_db=VALUE"),
        ("db", ["a", "b"], "llmobserve_db is set 2 times; keep one of them"),
        ("db", ["a"], None),
        ("x", ["a"], None),
    ],
)
def test_options_as_they_are_given(name: str, texts: list[str], said: str | None) -> None:
    """On the command line an option is a list of texts, and a flag may do without one."""

    assert misset({f"llmobserve_{name}": SimpleNamespace(val=texts)}) == ([said] if said else [])

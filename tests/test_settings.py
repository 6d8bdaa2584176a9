from types import SimpleNamespace

from llmobs.settings import OPTIONS, Settings


def test_every_option_is_a_setting() -> None:
    """The table of options and the object of their values name the same things."""

    source = SimpleNamespace(**{option.name: option.default for option in OPTIONS})

    settings = Settings.of(source)

    assert {f"llmobserve_{name}" for name in Settings.__slots__} == {option.name for option in OPTIONS}
    assert settings.db == "llmobserve.duckdb"
    assert settings.include_usage is True


def test_only_listed_choices() -> None:
    """A word that is no choice is named with those that are; the defaults are choices."""

    defaults = {option.name: option.default for option in OPTIONS}

    assert Settings.of(SimpleNamespace(**defaults)).problems() == []
    assert Settings.of(SimpleNamespace(**defaults | {"llmobserve_retries": "skp"})).problems() == [
        "llmobserve_retries=skp: there is no such choice; write link or skip"
    ]

"""How trouble is worded."""

from llmobs.config import ConfigError, did_you_mean, dotted


def test_key_path_is_written_as_people_do() -> None:
    """Keys are joined by dots and list items stand in brackets."""

    assert (
        dotted(("providers", "openai", "models", "gpt-4.1", 1, "input")) == "providers.openai.models.gpt-4.1[1].input"
    )
    assert dotted(()) == ""


def test_close_word_is_offered() -> None:
    """A typo gets the one word it resembles, whatever its capitals."""

    assert did_you_mean("Outptu", ["input", "output"]) == "did you mean output?"


def test_strange_word_gets_the_whole_choice() -> None:
    """A word that resembles none gets all of them, unless there are too many to read."""

    assert did_you_mean("zzz", ["b", "a"]) == "write one of a, b"
    assert "pricing.yaml" in did_you_mean("zzz", map(str, range(99)))
    assert "pricing.yaml" in did_you_mean("zzz", [])


def test_error_has_one_problem_a_line() -> None:
    """The text of the error is its problems, one a line, and they can be read one by one."""
    error = ConfigError(["a:1: x", "a:2: y"])

    assert str(error) == "a:1: x\na:2: y"
    assert error.problems == ("a:1: x", "a:2: y")

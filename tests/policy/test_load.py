"""Policy files: what they say, and what is said of their mistakes."""

from pathlib import Path

import pytest

from llmobs.config import ConfigError
from llmobs.policy import load


def written(folder: Path, text: str) -> Path:
    """A policy file."""
    path = folder / "policy.yaml"
    path.write_text(text)
    return path


def test_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    """An empty file is one without rules."""

    assert load(written(tmp_path, "")).keys == {}


def test_mistake_is_told_with_line_key_and_correction(tmp_path: Path) -> None:
    """A wrong key is placed in its line, and the closest known one is named."""
    path = written(tmp_path, "# mine\nkey:\n  abc: production\n")

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert str(caught.value) == f"{path}:2: key: is not a known key; did you mean keys?"


@pytest.mark.parametrize("id_", ["0123456789ab", "0123456789ab...wX-z"])
def test_keys_have_ids(tmp_path: Path, id_: str) -> None:
    """A key is named by its id as the rows have it, with or without its last characters."""

    assert load(written(tmp_path, f"keys: {{{id_}: team}}")).keys == {id_: "team"}


@pytest.mark.parametrize(
    "key",
    ["sk-proj-0123456789abcdef", "wxyz", "0123456789AB", "0123456789ab...", "0123456789ab...wxyz1", "[secret, a]"],
)
def test_what_is_no_id_of_a_key_is_not_shown(tmp_path: Path, key: str) -> None:
    """A key itself, or a part of an id, is told by its line alone."""
    path = written(tmp_path, f"keys:\n  ? 0123456789ab\n  : a\n  ? {key}\n  : team\n")

    with pytest.raises(ConfigError) as caught:
        load(path)

    fix = "keys: is no id of a key; write the api_key_id of the table events, such as 0123456789ab...wxyz"
    assert f"{path}:4: {fix}" in caught.value.problems
    assert key not in str(caught.value).replace(fix, "")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("entry", ["sk-secret: {a: b}", "sk-secret: a\n  sk-secret: a", "sk-secret: ''"])
def test_other_mistakes_of_keys_do_not_show_them(tmp_path: Path, entry: str) -> None:
    """Whatever else is wrong with an entry, what it is about is not shown."""
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, f"keys:\n  {entry}\n"))

    assert len(caught.value.problems) > 1
    assert "secret" not in str(caught.value)


def test_broken_yaml_is_told(tmp_path: Path) -> None:
    """Text that is no YAML is an error with its line as well."""

    with pytest.raises(ConfigError, match=r"policy\.yaml:\d: not valid YAML"):
        load(written(tmp_path, "keys: {}\n{"))

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


def test_broken_yaml_is_told(tmp_path: Path) -> None:
    """Text that is no YAML is an error with its line as well."""

    with pytest.raises(ConfigError, match=r"policy\.yaml:\d: not valid YAML"):
        load(written(tmp_path, "keys: {}\n{"))

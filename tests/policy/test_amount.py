"""Numbers of a policy file, and what is said of wrong ones."""

from pathlib import Path

import pytest

from llmobs.config import ConfigError
from llmobs.policy import load
from tests.policy.test_load import written


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("failures: 0", "'0' is not a whole number from 1 on; write one such as 3"),
        ("failures: 1.5", "'1.5' is not a whole number from 1 on; write one such as 3"),
        ("open_s: 0", "0 seconds is no time; write more, such as 0.5, or leave the key out"),
        ("open_s: 30s", "'30s' is not a number; write a plain decimal number such as 2.5"),
        ("error_rate: 50", "50 is no part of a whole; write one above 0 and up to 1, such as 0.5"),
        ("failure: 5", "is not a known key; did you mean failures?"),
    ],
)
def test_wrong_number(tmp_path: Path, line: str, said: str) -> None:
    """Each is told with its line and what to write."""
    path = written(tmp_path, f"breaker:\n  {line}\n")

    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}:2: breaker.{line.partition(':')[0]}: {said}"

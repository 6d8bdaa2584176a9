import re
from pathlib import Path

import pytest

from llmobs.policy import load

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text().partition("\n## Policies")[2].partition("\n## ")[0]
EXAMPLES = re.findall(r"```yaml\n(.+?)```", SECTION, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.partition(":")[0])
def test_examples_can_be_used(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example of a policy file in the README is one, and has rules."""
    for name in re.findall(r"\$\{(\w+)\}|key_env: (\w+)", example):
        variable = "".join(name)
        monkeypatch.setenv(variable, "json://example.com/hook" if variable.endswith("_URL") else "secret")
    file = tmp_path / "policy.yaml"
    file.write_text(example)

    assert load(file).rules

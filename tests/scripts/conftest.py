"""What every test of a script starts from."""

import pytest


@pytest.fixture(autouse=True)
def nobody_sets_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts print as wide as into a pipe; pytest-xdist names the width of the terminal that it was started on."""
    monkeypatch.delenv("COLUMNS", raising=False)

"""The dashboard in the proxy: it shows the rows of the database that the proxy writes."""

import urllib.request
from pathlib import Path

import pytest

from tests.hooks.test_addon import CHAT, prices  # noqa: F401
from tests.hooks.test_listeners import running


@pytest.mark.usefixtures("prices")
def test_a_call_is_on_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page tells what the proxy's own database has, where the options say; where to look is said at the start."""
    with running(tmp_path) as made:
        said = capsys.readouterr().out
        made.call(made.flow(), CHAT)
        made.addon.calls.close()
        with urllib.request.urlopen(f"{made.addon.listeners.url}?since=all", timeout=120) as answer:
            text = answer.read().decode()

    assert "dashboard at http://127.0.0.1:" in said
    assert "gpt-x" in text
    assert str(made.addon.calls.writer.database) in text

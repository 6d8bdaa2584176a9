"""A bar for people, none for programs."""

import pytest

from llmobs.render import progress


def test_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar is drawn on a terminal's standard error, and nothing into a pipe."""
    with progress("reading", 10) as advance:
        advance(5)
    assert capsys.readouterr() == ("", "")

    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("reading", 10) as advance:
        advance(10)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading" in err
    assert "10/10" in err

"""How a start ends that can't go on."""

import atexit
import os
from collections.abc import Callable

import pytest
from mitmproxy import ctx
from mitmproxy.test import taddons
from mitmproxy.tools.dump import DumpMaster

from llmobs.hooks import stop


def test_the_text_is_the_reason() -> None:
    """The exit says what to do."""

    with taddons.context(), pytest.raises(SystemExit, match="write true"):
        stop.stop("write true")


def test_nothing_is_said_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mitmdump leaves at once, with a status that tells."""
    registered: list[tuple[Callable[..., object], int]] = []
    monkeypatch.setattr(atexit, "register", lambda do, status: registered.append((do, status)))
    monkeypatch.setattr(ctx, "master", object.__new__(DumpMaster), raising=False)

    stop.quietly()

    assert registered == [(os._exit, 1)]

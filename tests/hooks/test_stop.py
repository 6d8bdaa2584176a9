"""How a start ends that can't go on."""

import atexit
import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from mitmproxy import ctx
from mitmproxy.master import Master
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


def test_errors_of_the_start_end_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mitmdump whose start logged an error leaves as quietly, any other, and one that is none, as it would."""
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    logger = SimpleNamespace(has_errored=list[str]())
    master = object.__new__(DumpMaster)
    monkeypatch.setattr(master, "addons", {"errorcheck": SimpleNamespace(logger=logger)}, raising=False)

    stop.after_errors(object.__new__(Master))
    stop.after_errors(master)
    assert left == []

    logger.has_errored.append("address already in use")
    stop.after_errors(master)
    assert left == [1]

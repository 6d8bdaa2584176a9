import os
import subprocess
import sys
from pathlib import Path

import pytest

from llmobs.config import ConfigError
from llmobs.telemetry.sinks import Sinks
from tests.telemetry.test_otlp import settings

ADDON = Path(__file__).parents[2] / "addon"


def test_what_is_asked_for_is_open(tmp_path: Path) -> None:
    """A sink opens when its setting asks for it, stays while that stays, and closes with it."""

    sinks = Sinks()
    sinks.configure(settings())
    assert list(sinks) == []

    sinks.configure(settings(log=str(tmp_path / "a")))
    (first,) = sinks
    sinks.configure(settings(log=str(tmp_path / "a"), db="other"))
    assert list(sinks) == [first]

    sinks.configure(settings(log=str(tmp_path / "b")))
    assert len(list(sinks)) == 1
    assert list(sinks) != [first]
    sinks.configure(settings())
    assert list(sinks) == []
    sinks.close()


def test_a_wrong_setting_leaves_the_former(tmp_path: Path) -> None:
    """A file that can't be written is refused, and lines go on to the one before."""

    sinks = Sinks()
    sinks.configure(settings(log=str(tmp_path / "a")))
    before = list(sinks)
    with pytest.raises(ConfigError):
        sinks.configure(settings(log=str(tmp_path / "none" / "b")))

    assert list(sinks) == before
    sinks.close()


def test_opentelemetry_is_imported_when_it_is_asked_for() -> None:
    """Whoever does not export does not wait for an SDK at the start."""

    program = "import sys, llmobs.hooks; print([name for name in sys.modules if 'opentelemetry' in name])"
    environment = os.environ | {"PYTHONPATH": str(ADDON)}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)

    assert run.stdout.strip() == "[]"

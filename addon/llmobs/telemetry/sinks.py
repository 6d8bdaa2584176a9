"""Opens what rows go to besides the database, by the settings that ask for it; it does not know what that does.

The modules are found by name, because OpenTelemetry alone takes longer to import than the proxy to start: whoever does
not ask for it does not pay for it.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol

from llmobs.event import Event
from llmobs.settings import Settings

# Setting -> module with a function `open_sink(settings)`, which raises ConfigError.
MODULES = {"log": "llmobs.telemetry.log", "otlp": "llmobs.telemetry.otlp"}


class Sink(Protocol):
    """Something that rows go to: `hear` takes microseconds and never fails."""

    def hear(self, event: Event) -> None:
        """Take a row; one about a job may be one of several."""

    def close(self) -> None:
        """Hand over what waits, for a few seconds at most."""


class Sinks:
    """Those that are open now, each with the settings that it was opened with."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Settings, Sink]] = {}

    def configure(self, settings: Settings) -> None:
        """Open what is asked for, close what is not, leave what stays; raises ConfigError."""
        for name, module in MODULES.items():
            if name in self._open and _same(name, settings, self._open[name][0]):
                continue
            fresh: Sink | None = import_module(module).open_sink(settings) if getattr(settings, name) else None
            self._close(name)
            if fresh is not None:
                self._open[name] = settings, fresh

    def __iter__(self) -> Iterator[Sink]:
        return iter([sink for _, sink in self._open.values()])

    def close(self) -> None:
        """Close all of them."""
        for name in list(self._open):
            self._close(name)

    def _close(self, name: str) -> None:
        if name in self._open:
            self._open.pop(name)[1].close()


def _same(name: str, settings: Settings, former: Settings) -> bool:
    """Whether everything that is set by the name's own options is as it was."""
    own = [each for each in Settings.__slots__ if each == name or each.startswith(f"{name}_")]
    return all(getattr(settings, each) == getattr(former, each) for each in own)

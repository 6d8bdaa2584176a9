"""What the workers are started with: mitmdump's own arguments, a little different for each; it starts nothing."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mitmproxy.proxy.mode_specs import ProxyMode

from llmobs.settings import OPTIONS

_WEB, _QUIET = "llmobserve_web", "llmobserve_quiet"
_PAGE = next(str(option.default) for option in OPTIONS if option.name == _WEB)
_TCP = "tcp"
_HOME = "127.0.0.1"


class ArgumentError(Exception):
    """The workers can't be started like this; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The arguments that all workers have, and what differs."""

    number: int
    confdir: Path
    modes: tuple[str, ...]
    settings: tuple[str, ...]
    others: tuple[str, ...]
    web: str

    def of(self, worker: int) -> list[str]:
        """The arguments of a worker, from 1 on; only the first says where it listens."""
        quiet = [f"{_QUIET}=true"] if worker > 1 else []
        settings = [*self.settings, *quiet, f"{_WEB}={self.page(worker)}"]
        return [
            *self.others,
            *(part for mode in self.modes for part in ("--mode", mode)),
            *(part for setting in settings for part in ("--set", setting)),
        ]

    def page(self, worker: int) -> str:
        """Where a worker has its metrics: each on a port of its own, as each counts what it has seen itself."""
        place, comma, names = self.web.partition(",")
        host, colon, port = place.rpartition(":")
        return f"{host}:{int(port) + worker - 1}{comma}{names}" if colon and port.isdecimal() else self.web


def wanted(number: int, arguments: Sequence[str]) -> Wanted:
    """Read mitmdump's arguments, as far as they matter here; raises ArgumentError."""
    if number < 1:
        raise ArgumentError(f"{number} workers can't run; write 1 or more, as many as the machine has cores")
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--mode", "-m", action="append", default=[])
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--confdir")
    found, others = parser.parse_known_args(arguments)
    settings = dict(setting.partition("=")[::2] for setting in found.set)
    confdir = Path(found.confdir or settings.get("confdir", "~/.mitmproxy")).expanduser()
    _check(found.mode)
    return Wanted(
        number=number,
        confdir=confdir,
        modes=tuple(found.mode),
        settings=tuple(setting for setting in found.set if not setting.startswith(f"{_WEB}=")),
        others=(*others, *_where(others, settings), *(("--set", f"confdir={found.confdir}") if found.confdir else ())),
        web=settings.get(_WEB, _PAGE),
    )


def _where(others: Sequence[str], settings: dict[str, str]) -> tuple[str, ...]:
    """Loopback where nothing else was said; the addon itself says so only when mitmproxy has opened its doors."""
    told = "listen_host" in settings or any(other.startswith("--listen-host") for other in others)
    return () if told else ("--listen-host", _HOME)


def _check(modes: Sequence[str]) -> None:
    for text in modes:
        try:
            mode = ProxyMode.parse(text)
        except ValueError as problem:
            raise ArgumentError(f"--mode {text}: {problem}") from problem
        if mode.transport_protocol != _TCP:
            raise ArgumentError(f"--mode {text} can't be shared: only TCP ports can; run one worker for it")
        if mode.custom_listen_port == 0:
            raise ArgumentError(f"--mode {text}: workers can't share any free port; name one, @8080")

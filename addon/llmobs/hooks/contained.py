"""Hooks that keep their failures to themselves: mitmproxy would print the words of an exception, with a key in them."""

import logging
from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Protocol

from llmobs.fault import told
from llmobs.metrics import Overhead

LOG = logging.getLogger("llmobserve")

# All that a client or a provider may cause; a mistake in the configuration is for mitmproxy to report.
_HOOKS = (
    "http_connect", "socks5_auth", "tls_clienthello", "tls_failed_client", "server_connect_error", "requestheaders",
    "request", "responseheaders", "response", "error", "websocket_message", "websocket_end",
)  # fmt: skip


class Watched(Protocol):
    """Who keeps how long the hooks take."""

    overhead: Overhead


class Timed(Protocol):
    """An addon whose hooks are timed."""

    @property
    def calls(self) -> Watched:
        """Whoever keeps that."""


def contained[Addon: Timed](addon: type[Addon]) -> type[Addon]:
    """An addon none of whose hooks fails: the call goes on without what the hook would have done."""
    for name in _HOOKS:
        setattr(addon, name, _contained(getattr(addon, name)))
    return addon


def _contained(hook: Callable[..., None]) -> Callable[..., None]:
    name = hook.__name__

    @wraps(hook)
    def run(addon: Timed, about: object) -> None:
        began = perf_counter()
        try:
            hook(addon, about)
        except Exception as problem:  # noqa: BLE001 - metering never breaks a call
            LOG.error("%s failed, and a row may be missing: %s", name, told(problem))  # noqa: TRY400
        finally:
            addon.calls.overhead.add(name, perf_counter() - began)

    return run

"""Where the proxy listens, and whether anyone may come in there; it changes nothing but where nothing was said."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from mitmproxy import options
from mitmproxy.addons.proxyserver import Servers
from mitmproxy.proxy.mode_specs import ProxyMode

HOME = "127.0.0.1"
# These open no port, or let in only peers whose key they know.
_CLOSED = ("local", "tun", "wireguard")
# What a warning names of many; the rest is counted.
_NAMED = 5


def stay_home(opts: options.Options) -> bool:
    """Choose loopback where no host was named, and say so; mitmproxy itself listens on every interface.

    WireGuard is for other machines, so beside it every other mode has to name its host.
    """
    if opts.listen_host or "wireguard" in (mode.type_name for mode in _modes(opts)):
        return False
    opts.update(listen_host=HOME)
    return True


async def move_home(servers: Servers, opts: options.Options) -> None:
    """Open the doors anew; a script is loaded when mitmproxy has already begun to open them everywhere."""
    if any(not is_home(address[0]) for server in servers for address in server.listen_addrs):
        await servers.update([])
        await servers.update(_modes(opts))


def open_door(opts: options.Options) -> str | None:
    """What to say where a listener takes anyone from the network; None where none does, or it is meant."""
    if not opts.server or opts.llmobserve_open or _guarded(opts.proxyauth):
        return None
    exposed = [mode.full_spec for mode in _modes(opts) if mode.type_name not in _CLOSED and _reached(mode, opts)]
    if not exposed:
        return None
    return (
        f"{', '.join(exposed)} would listen beyond this machine, for anyone who can reach it. Listen on 127.0.0.1 "
        "(--listen-host, or @127.0.0.1:PORT after the mode), ask for a password (--proxyauth NAME:PASSWORD), "
        "or say that it is meant to be open: --set llmobserve_open=true"
    )


def lacking(hosts: Sequence[str], path: Path) -> str:
    """What to say where a constrained CA can't sign for providers."""
    more = f" and {len(hosts) - _NAMED} more" if len(hosts) > _NAMED else ""
    return (
        f"{path} can't sign for {', '.join(hosts[:_NAMED])}{more}: clients will refuse the certificate there. "
        'Make a new one with `make ca ARGS="--force"`, with PRICING=FILE where you have a file of your own, '
        "and let the clients trust it."
    )


def _modes(opts: options.Options) -> list[ProxyMode]:
    return [ProxyMode.parse(mode) for mode in opts.mode]


def _reached(mode: ProxyMode, opts: options.Options) -> bool:
    return not is_home(mode.listen_host(opts.listen_host))


def is_home(host: str) -> bool:
    """Whether an address can't be reached from another machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _guarded(proxyauth: str | None) -> bool:
    """`any` takes every password."""
    return bool(proxyauth) and proxyauth != "any"

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import options
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.tools.dump import DumpMaster

from llmobs.hooks import listening


def opts(**values: Any) -> options.Options:
    """Options as mitmdump has them, with ours."""

    async def made() -> options.Options:
        found = DumpMaster(options.Options()).options
        found.add_option("llmobserve_open", bool, False, "")
        found.update(**values)
        return found

    return asyncio.run(made())


@pytest.mark.parametrize(
    ("values", "host"),
    [
        ({}, "127.0.0.1"),
        ({"listen_host": "0.0.0.0"}, "0.0.0.0"),
        ({"mode": ["wireguard", "regular"]}, ""),
        ({"mode": ["local"]}, "127.0.0.1"),
    ],
)
def test_it_stays_home_unless_it_is_told_otherwise(values: dict[str, Any], host: str) -> None:
    """A host that the user named stays; WireGuard has to be reached from elsewhere."""

    found = opts(**values)

    assert listening.stay_home(found) is (host == "127.0.0.1")
    assert found.listen_host == host


@pytest.mark.parametrize(
    ("values", "exposed"),
    [
        ({"listen_host": "127.0.0.1"}, ""),
        ({"listen_host": "localhost"}, ""),
        ({"listen_host": "::1"}, ""),
        ({"listen_host": "192.168.1.5"}, "regular"),
        ({"listen_host": "myhost"}, "regular"),
        ({"listen_host": "0.0.0.0", "server": False}, ""),
        ({"listen_host": "0.0.0.0", "llmobserve_open": True}, ""),
        ({"listen_host": "0.0.0.0", "proxyauth": "ann:secret"}, ""),
        ({"listen_host": "0.0.0.0", "proxyauth": "any"}, "regular"),
        ({"listen_host": "", "mode": ["wireguard"]}, ""),
        ({"listen_host": "127.0.0.1", "mode": ["socks5@0.0.0.0:1080"]}, "socks5@0.0.0.0:1080"),
        ({"listen_host": "127.0.0.1", "mode": ["upstream:http://p:1@[::]:81"]}, "upstream:http://p:1@[::]:81"),
    ],
)
def test_an_open_door_is_named(values: dict[str, Any], exposed: str) -> None:
    """Whoever listens beyond this machine asks for a password, or is told that it does not."""

    problem = listening.open_door(opts(**values))

    assert (problem or "").partition(" would listen")[0] == exposed


def test_what_a_ca_lacks_is_counted() -> None:
    """A few hosts are named, and the rest is a number."""

    hosts = [f"{letter}.example" for letter in "abcdefg"]

    assert "can't sign for a.example, b.example, c.example, d.example, e.example and 2 more:" in listening.lacking(
        hosts, Path("ca.pem")
    )
    assert "can't sign for a.example: " in listening.lacking(hosts[:1], Path("ca.pem"))


class Doors(list[Any]):
    """Servers as mitmproxy keeps them: `address` is where they listen."""

    def __init__(self, address: str) -> None:
        server = type("Server", (), {"listen_addrs": ((address, 8080),)})
        super().__init__([server])
        self.opened: list[list[ProxyMode]] = []

    async def update(self, modes: list[ProxyMode]) -> None:
        """What mitmproxy does where modes change."""
        self.opened.append(modes)


@pytest.mark.parametrize(("address", "times"), [("0.0.0.0", 2), ("127.0.0.1", 0)])
def test_doors_that_are_elsewhere_move(address: str, times: int) -> None:
    """What listens everywhere is closed and opened anew; what is home already stays as it is."""

    doors = Doors(address)
    asyncio.run(listening.move_home(doors, opts()))  # type: ignore[arg-type]

    assert len(doors.opened) == times

import socket

import pytest

from llmobs.web import Address, AddressError


@pytest.mark.parametrize(
    ("text", "address", "url"),
    [
        ("127.0.0.1:9464", Address("127.0.0.1", 9464), "http://127.0.0.1:9464/"),
        ("[::1]:0", Address("::1", 0), "http://[::1]:0/"),
        ("localhost:80", Address("localhost", 80), "http://localhost:80/"),
        (
            "0.0.0.0:9464, Proxy.Local,llm_proxy",
            Address("0.0.0.0", 9464, ("proxy.local", "llm_proxy")),
            "http://127.0.0.1:9464/",
        ),
    ],
)
def test_an_address_is_a_host_a_port_and_names(text: str, address: Address, url: str) -> None:
    """Host, port and further names are read, and the URL is one that a browser of this machine can open."""

    assert Address.parse(text) == address
    assert address.url == url


def test_off_is_no_address() -> None:
    """`off` is nowhere."""

    assert Address.parse(" OFF ") is None


@pytest.mark.parametrize(
    "text", ["", "9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.256:1", "a b:1", "localhost:65536", ":1"]
)
def test_what_is_no_address_says_what_to_write(text: str) -> None:
    """A text that names no place is refused with an example."""

    with pytest.raises(AddressError, match=r"write HOST:PORT, such as 127\.0\.0\.1:9464, or off"):
        Address.parse(text)


def test_what_is_no_name_says_what_to_write() -> None:
    """A further name with a scheme is refused with an example."""

    with pytest.raises(AddressError, match="'http://proxy' is no name of a host"):
        Address.parse("0.0.0.0:9464,http://proxy")


@pytest.mark.parametrize("header", ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "[::1]:9464", "proxy.local:80"])
def test_its_own_names_are_welcome(header: str) -> None:
    """Loopback, the host that was configured and its further names are asked for by whoever means this server."""

    assert Address("10.0.0.7", 9464, ("proxy.local",)).welcomes(header)
    assert Address("10.0.0.7", 9464).welcomes("10.0.0.7:9464")


@pytest.mark.parametrize("header", ["", "evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "10.0.0.8"])
def test_other_names_are_not_welcome(header: str) -> None:
    """A name that anybody could let point here is refused."""

    assert not Address("127.0.0.1", 9464).welcomes(header)


def test_behind_an_open_door_numbers_are_welcome() -> None:
    """Who listens everywhere is asked for by any address of the machine and by its name, but by no other name."""

    address = Address("0.0.0.0", 9464)

    assert address.welcomes("192.0.2.1:9464")
    assert address.welcomes("[2001:db8::1]:9464")
    assert address.welcomes(socket.gethostname())
    assert not address.welcomes("evil.example")

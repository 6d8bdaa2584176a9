"""Where the web server listens and what it may be called, read from one option; it opens nothing."""

import ipaddress
import re
import socket
from dataclasses import dataclass

OFF = "off"
HIGHEST_PORT = 65_535
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A name as browsers send it: letters, digits, dots, hyphens, and what container networks allow besides.
_NAME = re.compile(r"[a-z0-9._-]{1,253}")
_HOST_HEADER = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class AddressError(ValueError):
    """The text names no address; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host to listen on and a port; `names` are those that a request may ask for besides the host's own."""

    host: str
    port: int
    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Address | None":
        """`HOST:PORT`, with more names after commas; None where the server is switched off. Raises AddressError."""
        if text.strip().lower() == OFF:
            return None
        place, *names = (part.strip().lower() for part in text.split(","))
        host, _, port = place.rpartition(":")
        bare = host.strip("[]")
        number = int(port) if port.isascii() and port.isdecimal() else -1
        if not (_is_ip(bare) or (_NAME.fullmatch(host) and not _is_number(host))) or not 0 <= number <= HIGHEST_PORT:
            raise AddressError(f"{text!a} is no address; write HOST:PORT, such as 127.0.0.1:9464, or {OFF}")
        if wrong := next((name for name in names if not _NAME.fullmatch(name)), None):
            raise AddressError(
                f"{wrong!a} is no name of a host; write HOST:PORT,NAME, such as 0.0.0.0:9464,proxy.local"
            )
        return cls(bare, number, tuple(names))

    @property
    def everywhere(self) -> bool:
        """Whether it listens on every interface."""
        return _is_ip(self.host) and ipaddress.ip_address(self.host).is_unspecified

    @property
    def url(self) -> str:
        """What to type into a browser of this machine."""
        host = "127.0.0.1" if self.everywhere else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def welcomes(self, header: str) -> bool:
        """Whether a Host header names this server; another name may be a foreign page's that points here.

        A page can choose names, but no numbers, so that behind an open door every number is welcome.
        """
        found = _HOST_HEADER.fullmatch(header.lower())
        host = found[1].strip("[]") if found else ""
        if host in (*_LOOPBACK, self.host, *self.names):
            return True
        return self.everywhere and (_is_ip(host) or host == socket.gethostname().lower())


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_number(host: str) -> bool:
    """What looks like an address and is none, such as 127.0.0.256 or 1234."""
    return host.replace(".", "").isdecimal()

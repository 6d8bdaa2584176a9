"""Where notifications go: URLs that hold secrets, from a policy file or the environment; the only door to Apprise."""

import logging
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apprise import Apprise

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A URL of Apprise, whose text is never shown."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        found = _SCHEME.match(self.url)
        return f"{found[1]}://..." if found else "..."


def expanded(text: str) -> str:
    """A text with `${NAME}` replaced from the environment; raises KeyError with the name of what is not there."""
    return _VARIABLE.sub(lambda found: os.environ[found[1]], text)


def is_address(text: str) -> bool:
    """Whether a text is a URL."""
    return _SCHEME.match(text) is not None


def works(url: str) -> bool:
    """Whether Apprise can send to a URL; nothing is sent."""
    return bool(_apprise().add(url))


def send(address: Address, title: str, body: str) -> bool:
    """Send a message, and wait until it is sent; False where it can't be."""
    sender = _apprise()
    sender.add(address.url)
    return bool(sender.notify(body=body, title=title))


def _apprise() -> "Apprise":
    """Apprise takes most of a second to load, which only those shall wait for who want to be notified."""
    # What it logs may quote the address.
    quiet = logging.getLogger("apprise")
    quiet.propagate, quiet.disabled = False, True
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    return Apprise(asset=AppriseAsset(app_id="LLMObserve", app_desc="LLMObserve", async_mode=False))

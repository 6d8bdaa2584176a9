"""What HTTPS_PROXY says before a command is run: which proxy, as which user; it does not know who is let in."""

from collections.abc import Mapping
from urllib.parse import SplitResult, unquote, urlsplit

from llmobs.presence import Presence

_HERE = ("127.0.0.1", "localhost", "::1")


def named(before: Mapping[str, str]) -> SplitResult | None:
    """The proxy that is set, in either spelling."""
    text = before.get("https_proxy") or before.get("HTTPS_PROXY")
    return urlsplit(text if "://" in text else f"http://{text}") if text else None


def leads_to(url: SplitResult | None, port: int) -> bool:
    """Whether it is the one at a port of this machine."""
    return url is not None and url.hostname in _HERE and url.port == port


def login(before: Mapping[str, str], presence: Presence) -> tuple[str, str] | None:
    """The user and his password for one of our proxies, where HTTPS_PROXY tells them."""
    url = named(before)
    if url is None or not url.username or not leads_to(url, presence.port):
        return None
    return unquote(url.username), unquote(url.password or "")


def wanted(host: str, port: int | str) -> str:
    """What to write for a proxy that asks who comes."""
    place = f"[{host}]" if ":" in host else host
    return f"export HTTPS_PROXY=http://NAME:PASSWORD@{place}:{port}"

"""One hash over method, URL and body of a request, fed as the body passes: the same for equal requests.

It does not know which parts of a URL are keys, nor what a hash is good for.
"""

import re
from hashlib import sha256

_BOUNDARY = re.compile(r'boundary="?([^";,]{1,70})"?', re.IGNORECASE)


class Fingerprint:
    """Fed the body as the client sends it. A boundary is made up for each request, and is left out of its form."""

    __slots__ = ("_boundary", "_hash", "_rest")

    def __init__(self, method: str, url: str, content_type: str = "") -> None:
        self._hash = sha256(f"{method} {url}\n".encode("utf-8", "surrogateescape"))
        found = _BOUNDARY.search(content_type) if content_type[:10].lower() == "multipart/" else None
        self._boundary = found[1].encode("utf-8", "surrogateescape") if found else b""
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        if not self._boundary:
            self._hash.update(data)
            return
        *parts, rest = (self._rest + data).split(self._boundary)
        for part in parts:
            self._hash.update(part)
        # A boundary may begin here and end in the next bytes.
        held = len(self._boundary) - 1
        self._hash.update(rest[: max(len(rest) - held, 0)])
        self._rest = rest[-held:] if held else b""

    def close(self) -> str:
        """The hash as 64 hex digits; the body is complete."""
        self._hash.update(self._rest)
        self._rest = b""
        return self._hash.hexdigest()

"""Warnings that are said once, however often their cause comes back."""

import logging

LOG = logging.getLogger("llmobserve")

# Some causes have names that clients choose; whoever has read so many warnings needs no more of them.
_MOST = 1000


class Once:
    """Remembers what was said."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def said(self, about: str) -> bool:
        """Whether something was said of it; asked where a text takes time to make."""
        return about in self._said

    def warn(self, text: str, about: str | None = None) -> None:
        """Say it, unless the same (or another text about the same) was said before."""
        key = about or text
        if key not in self._said and len(self._said) < _MOST:
            self._said.add(key)
            LOG.warning("%s", text)

"""When and how to tell that events can't be stored, without repeating it all day; it does not know what went wrong."""

import logging
from collections.abc import Callable
from time import monotonic

from llmobs.store import LockedError

# A reader that asks and leaves is no news.
PATIENCE_S = 5.0
REPEAT_S = 60.0


class Trouble:
    """One state of trouble at a time: told when it lasts, told again each minute, and told when it is over."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = monotonic) -> None:
        self._log = log
        self._clock = clock
        self._since: float | None = None
        self._told: float | None = None
        self._error: Exception | None = None
        self._lost = 0
        self._rejected = 0

    def met(self, error: Exception, spooled: int, where: object) -> None:
        """The events could not be stored now."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._error = error
        if self.lasting is None or (self._told is not None and now - self._told < REPEAT_S):
            return
        self._told = now
        self._log.warning("%s. %d calls wait in %s and will be stored later.", error, spooled, where)

    def over(self, stored: int) -> None:
        """All events are stored."""
        if self._told is not None:
            self._log.warning("The database is in use again, and has caught up: %d calls are stored.", stored)
        self._since = self._told = self._error = None

    @property
    def lasting(self) -> Exception | None:
        """What goes wrong, unless it may be over in a moment."""
        since, error = self._since, self._error
        patience = PATIENCE_S if isinstance(error, LockedError) else 0.0
        return None if since is None or self._clock() - since < patience else error

    def lost(self, count: int) -> None:
        """So many events are lost in all; new ones are the only thing that is an ERROR."""
        if count > self._lost:
            self._log.error("%d calls are lost: the disk took neither the spool nor the database.", count - self._lost)
        self._lost = count

    def rejected(self, count: int, where: object) -> None:
        """So many events fit no table."""
        if count > self._rejected:
            self._log.warning("%d calls fit no column and are kept in %s.", count - self._rejected, where)
        self._rejected = count

"""How long a call and its attempts may take; it does not know what waits, nor what is done when time is up."""

from dataclasses import dataclass

from llmobs.policy.relay_schema import Timeouts

CONNECT, FIRST_BYTE, IDLE, TOTAL = "connect", "first_byte", "idle", "total"
_FOREVER = float("inf")


@dataclass(slots=True)
class Patience:
    """Times are those of one clock: `began` is the call's, `tried` that of the attempt which runs."""

    rules: Timeouts
    began: float
    tried: float

    def until(self, phase: str, now: float) -> tuple[float, str]:
        """When to give up what is waited for, and the word for it; the total counts in every phase."""
        since = now if phase == IDLE else self.tried
        allowed: float | None = getattr(self.rules, f"{phase}_s")
        return min((since + (allowed or _FOREVER), phase), self._end)

    def left(self, now: float) -> float:
        """How much of the whole call's time is left."""
        return self._end[0] - now

    def told(self, phase: str) -> str:
        """Which rule it was."""
        return f"{phase}_s is {getattr(self.rules, f'{phase}_s'):g}"

    @property
    def _end(self) -> tuple[float, str]:
        return self.began + (self.rules.total_s or _FOREVER), TOTAL

"""What holds for a whole socket: the models its messages name, and the totals that run through them.

It does not know which messages belong to which response.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import structs

from llmobs.answer import Members
from llmobs.attempt import Attempt
from llmobs.dialect import Turns, number
from llmobs.meter import Meter
from llmobs.websocket.turn import Turn


@dataclass(slots=True)
class Session:
    """Makes the attempts of a socket after the pattern of `upgrade`, the attempt that opened it."""

    upgrade: Attempt
    turns: Turns
    clock: Callable[[], float]
    _count: int = 0
    _model: str | None = None
    _alone_model: str | None = None
    _totals: dict[str, int | Decimal] = field(default_factory=dict)

    def name(self, message: bytes, *, served: bool) -> None:
        """Know the model of what follows, as the client asks for it or as the server says."""
        members, turns = Members(message), self.turns
        self._alone_model = text(members, turns.alone_model) or self._alone_model
        if (model := text(members, turns.model)) is None:
            return
        if turns.model_prefix:
            model = model.rpartition(turns.model_prefix)[2]
        if served:
            self.upgrade.served_model = model
        else:
            self._model = model

    def turn(self, key: str) -> Turn:
        """A response that begins now."""
        return Turn(self._attempt(), key, self.clock)

    def asked(self, key: str, message: bytes, size: int) -> Turn:
        """A response that is asked for now, by as much of a message of `size` bytes as is kept."""
        turn = self.turn(key)
        turn.attempt.ask(message, size)
        turn.attempt.request_model = self._model or self.upgrade.request_model or turn.attempt.request_model
        return turn

    def alone(self) -> Turn:
        """A call beside the responses, by a model of its own."""
        turn = self.turn("")
        turn.attempt.opening = structs.replace(turn.attempt.opening, operation=self.turns.alone_operation)
        turn.attempt.request_model, turn.attempt.served_model = self._alone_model, None
        return turn

    def increase(self, attempt: Attempt) -> bool:
        """Leave of each running total what this attempt adds to it; False where that is nothing."""
        usage = attempt.meter.usage or {}
        totals = {name: total for name in self.turns.running if (total := number(usage, name)) is not None}
        if not totals:
            return True
        added = {name: max(total - self._totals.get(name, 0), 0) for name, total in totals.items()}
        self._totals |= {name: self._totals.get(name, 0) + more for name, more in added.items()}
        attempt.meter.usage = usage | added
        return any(added.values())

    def _attempt(self) -> Attempt:
        self._count += 1
        opening = structs.replace(
            self.upgrade.opening,
            event_id=f"{self.upgrade.opening.event_id}/{self._count}",
            started_at=datetime.fromtimestamp(self.clock(), UTC),
        )
        model = self._model or self.upgrade.request_model
        meter = Meter(self.upgrade.dialect)
        return replace(self.upgrade, opening=opening, meter=meter, request_model=model, status_code=None)


def text(members: Members, paths: tuple[str, ...]) -> str | None:
    """The first text at one of the paths."""
    found = (members.find(path) for path in paths)
    return next((name for name in found if isinstance(name, str) and name), None)

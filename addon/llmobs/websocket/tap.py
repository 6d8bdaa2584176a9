"""A tap for sockets: sees the messages of one WebSocket go by, and finds the responses among them.

It does not know mitmproxy, and no failure of its own reaches the socket.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from msgspec import structs

from llmobs.answer import Members
from llmobs.attempt import Attempt
from llmobs.dialect import Turns
from llmobs.event import Event, Outcome
from llmobs.fault import told
from llmobs.lines import Lines
from llmobs.meter import Known
from llmobs.websocket.session import Session, text
from llmobs.websocket.turn import Turn

LOG = logging.getLogger("llmobserve")

# What asks for a response is kept to name its model and to estimate from; text is well below this.
ASKED_BYTES = 1024 * 1024
# Responses that wait, or run, at the same time on one socket: APIs allow fewer, and each may keep some text.
SIDE_BY_SIDE = 16
# Responses whose end is remembered, so that one that is told again is not billed again.
REMEMBERED = 256
# The members that stand before the sound in a message, and say whose it is.
HEAD_BYTES = 512


@dataclass(slots=True)
class SocketTap:
    """Sees the messages of a socket in their order; `attempt` is that of its upgrade.

    begin: told of each response as it begins, so that even a kill leaves a row. finish: told once how it ended.
    tell: takes the events of what a response bills apart, such as a container that ran code. clock: when the latest
    message passed, in seconds since 1970.
    """

    attempt: Attempt
    turns: Turns
    begin: Callable[[Attempt], None]
    finish: Callable[[Attempt, Outcome, str | None], None]
    tell: Callable[[Event], None]
    clock: Callable[[], float]
    _session: Session = field(init=False)
    _waiting: list[Turn] = field(default_factory=list)
    _running: dict[str, Turn] = field(default_factory=dict)
    _ended: deque[str | None] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _failed: bool = False

    def __post_init__(self) -> None:
        self._session = Session(self.attempt, self.turns, self.clock)

    def __call__(self, data: bytes) -> bytes:
        return data

    def see(self, message: bytes, *, from_client: bool) -> None:
        """Meter one message. One that cannot be metered is said in the rows of what runs, and the next one is tried."""
        if not message.lstrip().startswith(b"{"):  # sound
            return
        try:
            self._sent(message) if from_client else self._received(message)
        except Exception as problem:  # noqa: BLE001 - metering never breaks a call
            for turn in self._running.values():
                turn.attempt.trouble = "metering_error"
            if not self._failed:
                LOG.warning("the socket %s is not metered whole: %s", self.attempt.opening.event_id, told(problem))
            self._failed = True

    def close(self, outcome: Outcome, at: float | None = None) -> None:
        """The socket has ended (seconds since 1970, else now), and with it what waits or runs."""
        left = [*self._waiting, *self._running.values()]
        self._waiting.clear()
        self._running.clear()
        for turn in left:
            self._finish(turn, Outcome.OK if turn.over else outcome, at=at)

    # What the client says.

    def _sent(self, message: bytes) -> None:
        if _holds(message, self.turns.media):
            return
        if self.turns.session.search(message):
            self._session.name(message, served=False)
        if self.turns.ask.search(message) and len(self._waiting) < SIDE_BY_SIDE:
            turn = self._session.asked(self._key(Members(message)), message[:ASKED_BYTES], len(message))
            self._waiting.append(turn)
            self._begin(turn)

    # What the server says.

    def _received(self, message: bytes) -> None:
        turns = self.turns
        if _holds(message, turns.media) and not _holds(message, self.attempt.dialect.markers):
            self._pass_by(message)
        elif turns.alone.search(message):
            self._alone(message)
        elif turns.session.search(message):
            self._session.name(message, served=True)
        elif turns.begin.search(message) or turns.end.search(message) or turns.refused.search(message):
            self._turned(message)
        elif turn := self._owner(message):
            self._more(turn, message)

    def _pass_by(self, message: bytes) -> None:
        """Sound is counted and not parsed; a response may begin with it."""
        head = message[:HEAD_BYTES]
        turn = self._owner(head)
        if (turn is None or turn.over) and self.turns.begin.search(head):
            turn = self._start("")
        if turn is not None:
            turn.count(message)

    def _turned(self, message: bytes) -> None:
        members = Members(message)
        key = self._key(members)
        begins, ends, refuses = (
            pattern.search(message) is not None for pattern in (self.turns.begin, self.turns.end, self.turns.refused)
        )
        if begins:
            turn = self._begun(key)
            if not ends:
                self._more(turn, message)
        if ends and (key in self._running or not refuses):
            self._end(key, members, message)
        elif refuses:
            self._refuse(key, members, message)

    def _begun(self, key: str) -> Turn:
        """The response that a beginning belongs to."""
        turn = self._running.get(key)
        return self._start(key) if turn is None or turn.over or self.turns.each else turn

    def _start(self, key: str) -> Turn:
        """A response begins: one that was asked for, or one that the server decided on."""
        if (former := self._running.pop(key, None)) is not None:
            self._finish(former, Outcome.OK)
        if len(self._running) >= SIDE_BY_SIDE:
            self._finish(self._running.pop(next(iter(self._running))), Outcome.OK)
        asked = self._next(key)
        turn = asked or self._session.turn(key)
        turn.start(key)
        self._running[key] = turn
        if asked is None:
            self._begin(turn)
        return turn

    def _next(self, key: str) -> Turn | None:
        """The request that has waited longest, of those that a response with this key may answer."""
        fitting = [turn for name in (key, "") for turn in self._waiting if turn.key == name]
        if not fitting:
            return None
        self._waiting.remove(fitting[0])
        return fitting[0]

    def _more(self, turn: Turn, message: bytes) -> None:
        """Between its beginning and its end: text, and what else tells something of the bill."""
        if self.turns.text.search(message):
            turn.count(message)
            turn.learn(message)
        elif self.turns.begin.search(message) or _holds(message, self.attempt.dialect.markers):
            turn.learn(message)
        turn.over = turn.over or self.turns.lull.search(message) is not None

    def _end(self, key: str, members: Members, message: bytes) -> None:
        turn = self._running.pop(key, None) or self._unannounced(key, message)
        if turn is None:
            return
        turn.start(key)
        turn.count(message)
        turn.learn(message)
        if (results := turn.attempt.dialect.results) is not None:
            Lines(turn.attempt, results, self.tell).feed(message)
        self._bill(turn, *self._ending(members))

    def _unannounced(self, key: str, message: bytes) -> Turn | None:
        """A response whose beginning was not seen; None for one that is told again, or that tells no usage."""
        turn = self._session.turn(key)
        turn.learn(message)
        if turn.attempt.meter.response_id in self._ended:
            return None
        if (asked := self._next(key)) is not None or turn.attempt.meter.known < Known.FINAL:
            return asked
        self._begin(turn)
        return turn

    def _ending(self, members: Members) -> tuple[Outcome, str | None]:
        status = members.find(self.turns.status)
        if status in self.turns.cancelled:
            return Outcome.CLIENT_ABORTED, None
        if status in self.turns.failed:
            return Outcome.ERROR, text(members, self.turns.reason)
        return Outcome.OK, None

    def _refuse(self, key: str, members: Members, message: bytes) -> None:
        """An error answers the request that has waited longest; where none waits, it is about something else."""
        if (turn := self._next(key)) is not None:
            turn.learn(message)
            status = members.find("status")
            turn.attempt.status_code = status if isinstance(status, int) else None
            self._finish(turn, Outcome.ERROR)

    def _alone(self, message: bytes) -> None:
        turn = self._session.alone()
        turn.start("")
        turn.attempt.response_bytes = len(message)
        turn.learn(message)
        if turn.attempt.meter.known is Known.FINAL and self._session.increase(turn.attempt):
            self._begin(turn)
            self._finish(turn, Outcome.OK)

    # How a response begins and ends for others.

    def _begin(self, turn: Turn) -> None:
        attempt = turn.attempt
        attempt.opening = structs.replace(attempt.opening, request_model=attempt.request_model)
        self.begin(attempt)

    def _bill(self, turn: Turn, outcome: Outcome, reason: str | None) -> None:
        """End a response; one that adds nothing to a total that is billed costs nothing."""
        attempt = turn.attempt
        if not self._session.increase(attempt) and attempt.route is not None:
            attempt.route = replace(attempt.route, free=True)
        self._finish(turn, outcome, reason)

    def _finish(self, turn: Turn, outcome: Outcome, reason: str | None = None, *, at: float | None = None) -> None:
        if (told := turn.attempt.meter.response_id) is not None:
            self._ended.append(told)
        turn.attempt.ended_at = self.clock() if at is None else at
        self.finish(turn.attempt, outcome, reason)

    def _key(self, members: Members) -> str:
        return text(members, self.turns.key) or ""

    def _owner(self, message: bytes) -> Turn | None:
        """The running response that a message belongs to."""
        lane = self.turns.lane.search(message)
        return self._running.get(lane[1].decode("utf-8", "replace") if lane else "")


def _holds(message: bytes, signs: tuple[bytes, ...]) -> bool:
    return any(message.find(sign) >= 0 for sign in signs)

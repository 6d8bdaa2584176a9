"""One call's content, from its bytes to the JSON text of its row; it does not know rows, flows, nor who wants it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from llmobs.content.assembly import assembled
from llmobs.content.plain import Plain, encoded, parsed
from llmobs.content.scrub import Finder, scrub
from llmobs.content.secrets import exactly, shaped
from llmobs.dialect import Dialect, Json
from llmobs.wire.bounded import Bounded
from llmobs.wire.errors import WireError
from llmobs.wire.framing import Framer

# A stream of small events is up to fifty times as long as its text; the longest answers there are fit into this.
ANSWER_BYTES = 8 * 1024 * 1024
# An own key that is shorter could be any word.
_KEY_CHARS = 8


class Mode(StrEnum):
    """How much is kept."""

    NONE = "none"
    REDACTED = "redacted"
    FULL = "full"


@dataclass(slots=True)
class Content:
    """What is kept of one call: its answer is collected while it passes, and made into text afterwards.

    key: the call's own, which is nowhere in the text. max_bytes: so long is the text at most.
    """

    dialect: Dialect
    mode: Mode
    max_bytes: int
    key: str | None = None
    answer: Bounded = field(default_factory=lambda: Bounded(ANSWER_BYTES))
    content_type: str | None = None

    def collects(self, content_type: str | None) -> Bounded:
        """What takes the bytes of the answer."""
        self.content_type = content_type
        return self.answer

    def text(self, asked: bytes, sent: int) -> str:
        """Request and answer as JSON text; takes too long for an event loop."""
        finders = self._finders()
        request = parsed(asked)
        sides = {"request": {"bytes": sent} if request is None else request, "response": self._answered()}
        room = self.max_bytes // 2
        while room:
            told = {name: Plain(lambda text: scrub(text, finders), room)(side) for name, side in sides.items()}
            if len(text := encoded(told)) <= self.max_bytes and len(text.encode()) <= self.max_bytes:
                return text
            room //= 2
        return encoded({"cut": True})

    def _finders(self) -> Sequence[Finder]:
        finders: list[Finder] = [shaped]
        if self.key and len(self.key) >= _KEY_CHARS:
            finders.append(exactly(self.key))
        if self.mode is Mode.REDACTED:
            # A fifth of a second and 30 MB that nobody else needs.
            from llmobs.content.personal import personal  # noqa: PLC0415

            finders.append(personal)
        return finders

    def _answered(self) -> Json:
        framer = Framer(self.content_type)
        messages: list[bytes] = []
        for read, arguments in ((framer.feed, (bytes(self.answer.data),)), (framer.close, ())):
            try:
                messages += read(*arguments)
            except WireError as fault:
                messages += fault.messages
        if not messages:
            return {"bytes": len(self.answer.data)} if self.answer.data else None
        told = assembled(self.dialect, messages) if framer.streamed else parsed(messages[0])
        told = {"bytes": len(self.answer.data)} if told is None else told
        cut = {} if self.answer.whole else {"cut": True}
        return told | cut if isinstance(told, dict) else told

"""Taps: the stream callables that see the bytes of one attempt go by and give them on unchanged.

They do not know mitmproxy, and no failure of theirs reaches the bytes.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from llmobs.attempt import Attempt
from llmobs.event import Event, Outcome
from llmobs.fault import told
from llmobs.include_usage import UsageStripper
from llmobs.lines import Lines
from llmobs.meter import KEPT_BYTES, Known
from llmobs.retries.fingerprint import Fingerprint
from llmobs.wire.bounded import Bounded
from llmobs.wire.content_encoding import Decoder
from llmobs.wire.errors import WireError
from llmobs.wire.framing import Framer
from llmobs.wire.sse import Sse

LOG = logging.getLogger("llmobserve")

# A request is kept to name its model and, where no usage comes, to estimate from; the largest prompts of text are well
# below it, and what is longer carries media whose tokens no text tokenizer can tell.
ASKED_BYTES = 8 * 1024 * 1024
# A body of known and small length is there at once, and goes on in one piece, which takes mitmproxy less time.
SMALL_BYTES = 64 * 1024
# A running total changes with every chunk; writing it down more often than this adds nothing a crash would miss.
BANK_SECONDS = 0.5


@dataclass(slots=True)
class RequestTap:
    """Sees a request body go up; `decoder` is None for one that is not encoded.

    held: the body is kept back until it is complete: being false, the tap makes mitmproxy buffer.
    may_ask: if this is a stream without usage, we may ask for it. asked: we did, and the client must not notice.
    key: what equal requests have in common, where the answer may be given again.
    fingerprint: hashes what the client sends, of whatever size.
    """

    attempt: Attempt
    decoder: Decoder | None = None
    held: bool = False
    may_ask: bool = False
    asked: bool = False
    key: bytes = b""
    sent: int = 0
    fingerprint: Fingerprint | None = None
    request_id: str | None = None
    _kept: bytearray = field(default_factory=bytearray)
    _broken: bool = False

    def __bool__(self) -> bool:
        return not self.held

    def __call__(self, data: bytes) -> bytes:
        self.sent += len(data)
        if self.fingerprint is not None:
            self.fingerprint.feed(data)
        if data and not self._broken and len(self._kept) < ASKED_BYTES:
            try:
                self._kept += self.decoder.feed(data) if self.decoder else data
            except Exception:  # noqa: BLE001 - metering never breaks a call
                self._broken = True
        return data

    def close(self) -> None:
        """The body is complete."""
        try:
            if self.decoder and not self._broken:
                self._kept += self.decoder.close()
            self.attempt.ask(bytes(self._kept), self.sent)
            self.request_id = self.fingerprint.close() if self.fingerprint else None
        except Exception as problem:  # noqa: BLE001 - metering never breaks a call
            LOG.warning("the request of %s could not be read: %s", self.attempt.opening.event_id, told(problem))
        self._kept.clear()


@dataclass(slots=True)
class ResponseTap:
    """Sees an answer come down; takes out of it only what our own asking for usage put in (`stripper`).

    `decoder` is None for an answer that is not encoded. `plain` decodes what the client gets, where an answer came
    encoded although we asked for none: only plain text can be stripped. `lines` takes the calls that an answer brings
    the results of. `given` sees what the client gets, `decoded` what the answer says.
    `spent_s` is how long it kept the bytes. held: as with a request; what is taken out of has another length.
    """

    attempt: Attempt
    decoder: Decoder | None
    framer: Framer
    bank: Callable[[Event], None]
    lines: Lines | None = None
    stripper: UsageStripper | None = None
    plain: Decoder | None = None
    given: Bounded | None = None
    decoded: Bounded | None = None
    held: bool = False
    clock: Callable[[], float] = time.time
    spent_s: float = 0.0
    _silent: list[bytes] = field(default_factory=list)
    _silent_bytes: int = 0
    _banked_at: float = 0.0
    _broken: bool = False

    def __bool__(self) -> bool:
        return not self.held or self.stripper is not None

    def __call__(self, data: bytes) -> bytes | list[bytes]:
        began = time.perf_counter()
        try:
            return self.take(data)
        finally:
            self.spent_s += time.perf_counter() - began

    def take(self, data: bytes) -> bytes | list[bytes]:
        """Meter what comes; gives what goes on."""
        if data:
            self.see(data)
        left = data if self.stripper is None else self._stripped(data, self.stripper)
        if self.given is not None:
            self.given(left)
        if self.stripper is None:
            return left
        # An empty chunk in the middle would end a chunked body.
        return [left] if left else []

    def _stripped(self, data: bytes, stripper: UsageStripper) -> bytes:
        if self.plain is not None:
            data = self.plain.feed(data)
        return stripper.feed(data) if data else stripper.close()

    def see(self, data: bytes) -> None:
        """Meter some bytes; the first failure ends the metering of this answer, and is said in its row."""
        attempt = self.attempt
        if attempt.first_byte_at is None:
            attempt.first_byte_at = self.clock()
        attempt.response_bytes += len(data)
        if self._broken:
            return
        try:
            if self.decoder is not None:
                data = self.decoder.feed(data)
            if self.decoded is not None:
                self.decoded(data)
            if not self._pass_over(data):
                self._feed(self.framer.feed(data))
        except Exception as problem:  # noqa: BLE001 - metering never breaks a call
            self._fail(problem)

    def close(self) -> None:
        """The answer has ended, in whichever way."""
        for end in (self._end_decoder, self._end_framer, self._recall):
            try:
                if not self._broken:
                    end()
            except Exception as problem:  # noqa: BLE001 - metering never breaks a call
                self._fail(problem)
        self.attempt.streamed = self.framer.streamed
        self._broken = True

    def _end_decoder(self) -> None:
        if self.decoder is not None:
            rest = self.decoder.close()
            if self.decoded is not None:
                self.decoded(rest)
            self._feed(self.framer.feed(rest))

    def _end_framer(self) -> None:
        self._feed(self.framer.close())

    def _pass_over(self, data: bytes) -> bool:
        """Whether these bytes are whole events that only carry text: most are, and they need not be parsed."""
        meter = self.attempt.meter
        if not self.framer.at_boundary or not data.endswith(b"\n\n") or not meter.seen:
            return False
        if data.find(b"error") >= 0 or meter.tells(data):
            return False
        if self._silent_bytes < KEPT_BYTES:
            self._silent.append(data)
            self._silent_bytes += len(data)
        return True

    def _recall(self) -> None:
        """Where no usage came after all, the text that was passed over is what the estimate counts."""
        if self.attempt.meter.known < Known.FINAL:
            events = Sse()
            events.feed(b"\n")
            for data in self._silent:
                self.attempt.meter.kept += events.feed(data)
        self._silent.clear()

    def _feed(self, messages: list[bytes]) -> None:
        meter = self.attempt.meter
        learnt = False
        for message in messages:
            learnt = meter.feed(message) or learnt
            if self.lines is not None:
                self.lines.feed(message)
        if self.framer.error is not None and not meter.errors:
            meter.errors = ("error",)
        if learnt and self.framer.streamed and not self.attempt.silent:
            self._bank()

    def _bank(self) -> None:
        """Write down what is known, so that not even a kill loses it."""
        now = self.clock()
        if now - self._banked_at >= BANK_SECONDS:
            self._banked_at = now
            self.bank(self.attempt.event(Outcome.INTERRUPTED, guess=False))

    def _fail(self, problem: Exception) -> None:
        """Stop metering; what was read before the fault still counts."""
        self._broken = True
        self.attempt.trouble, why = "metering_error", told(problem)
        if isinstance(problem, WireError):
            self.attempt.trouble, why = "wire_error", str(problem)
            self._feed_rest(problem)
        LOG.warning("%s is not metered to its end: %s", self.attempt.opening.event_id, why)

    def _feed_rest(self, fault: WireError) -> None:
        """Meter what came before a fault, which may well run into another one."""
        messages = fault.messages
        for parse, arguments in ((self.framer.feed, (fault.data,)), (self.framer.close, ())):
            try:
                messages += parse(*arguments)
            except WireError as another:
                messages += another.messages
        for message in messages:
            self.attempt.meter.feed(message)


def is_small(headers: Mapping[str, str], limit: int = SMALL_BYTES) -> bool:
    """Whether a body of at most `limit` bytes is announced; by default one that is not worth streaming."""
    length = headers.get("content-length", "")
    return length.isdecimal() and int(length) <= limit

"""WebSockets of the upstream: one connection that speaks a provider's protocol, and can be cut or held at will."""

import asyncio
import contextlib
import json

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from tests.testbed.formats.sockets import Conversation, Said
from tests.testbed.journal import Entry, Journal
from tests.testbed.scenario import HEADER, Scenario, parse

_READ_BYTES = 64 * 1024
_CONTENT = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


def wanted(entry: Entry) -> bool:
    """Whether a request wants to become a WebSocket."""
    return any(name.lower() == "upgrade" and value.lower() == "websocket" for name, value in entry.headers)


async def serve(journal: Journal, entry: Entry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Talk until either side ends it."""
    headers = {name.lower(): value for name, value in entry.headers}
    socket = _Socket(journal, entry, parse(headers.get(HEADER, "")), reader, writer)
    await socket.accept()
    listening = asyncio.ensure_future(socket.listen())
    try:
        await socket.talk()
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await listening


class _Socket:
    def __init__(
        self,
        journal: Journal,
        entry: Entry,
        scenario: Scenario,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.journal, self.entry, self.scenario, self.reader, self.writer = journal, entry, scenario, reader, writer
        self.protocol = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()], max_size=None)
        self.conversation = Conversation(entry.target, scenario)
        self.heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.sent = 0

    async def accept(self) -> None:
        """Answer the upgrade."""
        self.entry.complete(b"")
        self.protocol.receive_data(self.entry.head.encode("latin-1"))
        (request,) = self.protocol.events_received()
        if self.scenario.status >= 400:
            response = self.protocol.reject(self.scenario.status, '{"error":{"type":"invalid_request_error"}}')
        else:
            response = self.protocol.accept(request)  # type: ignore[arg-type]
        self.protocol.send_response(response)
        await self._flush()

    async def listen(self) -> None:
        """Take in what the client sends."""
        parts: list[bytes] = []
        while data := await self.reader.read(_READ_BYTES):
            self.protocol.receive_data(data)
            for frame in self.protocol.events_received():
                if isinstance(frame, Frame) and frame.opcode in _CONTENT:
                    parts.append(bytes(frame.data))
                    if frame.fin:
                        self.heard.put_nowait(b"".join(parts))
                        parts.clear()
            await self._flush()
            if self.protocol.close_expected():
                break
        self.gone.set()
        self.heard.put_nowait(None)

    async def talk(self) -> None:
        """Say the opening, then answer each message in turn."""
        for said in self.conversation.opening:
            await self._say(said)
        while (message := await self.heard.get()) is not None:
            for said in self.conversation.answer(message):
                if not await self._may_go_on():
                    return
                await self._say(said)
        self.entry.state = "client_left"

    async def _may_go_on(self) -> bool:
        """Wait at the gate, and hang up where the scenario says so."""
        number, self.sent = self.sent, self.sent + 1
        if self.scenario.gate and number == self.scenario.gate_after:
            door = asyncio.ensure_future(self.journal.pass_door(self.scenario.gate))
            left = asyncio.ensure_future(self.gone.wait())
            await asyncio.wait((door, left), return_when=asyncio.FIRST_COMPLETED)
            door.cancel()
            left.cancel()
        if self.gone.is_set():
            self.entry.state = "client_left"
            return False
        if self.scenario.after == number:
            self.entry.state = self.scenario.ending
            if self.scenario.ending == "reset":
                self.writer.transport.abort()
            return False
        return True

    async def _say(self, said: Said) -> None:
        text = json.dumps(said).encode()
        if self.conversation.binary:
            self.protocol.send_binary(text)
        else:
            self.protocol.send_text(text)
        await self._flush()

    async def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.writer.write(data)
        await self.writer.drain()

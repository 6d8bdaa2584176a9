"""HTTP/1.1 by hand, so that heads are kept byte for byte and answers can be framed, cut and broken at will."""

import asyncio
import contextlib
import socket
import struct
from http import HTTPStatus

from tests.testbed import websocket
from tests.testbed.answers import Answer
from tests.testbed.exchange import CONTROL, paced, respond
from tests.testbed.journal import Entry, Journal

_DATE = "Date: Fri, 20 Nov 2026 12:00:00 GMT"
_READ_BYTES = 256 * 1024
# Anthropic's 529 has no phrase in the registry.
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_HANG_UP = (ConnectionError, asyncio.IncompleteReadError, TimeoutError)


async def serve(journal: Journal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests on one connection until either side ends it."""
    with contextlib.suppress(*_HANG_UP):
        while await _exchange(journal, reader, writer):
            pass
    writer.close()
    with contextlib.suppress(*_HANG_UP, OSError):
        await writer.wait_closed()


async def _exchange(journal: Journal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    entry = _open(journal, head)
    if websocket.wanted(entry):
        await websocket.serve(journal, entry, reader, writer)
        return False
    body = await _body(entry, reader)
    found = respond(journal, entry, body)
    if entry.target.startswith(CONTROL):
        return await _answer(journal, found, writer)
    watch = asyncio.ensure_future(_until_gone(entry, reader, writer)) if found.gate else None
    try:
        keep = await _answer(journal, found, writer)
        entry.state = "finished" if found.ending == "clean" else found.ending
    except _HANG_UP:
        entry.state = "client_left"
        raise
    finally:
        if watch is not None:
            watch.cancel()
    return keep


def _open(journal: Journal, head: str) -> Entry:
    request_line, *lines = head[:-4].split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    if target.startswith(CONTROL):
        host = [value for name, value in headers if name.lower() == "host"]
        return Entry(0, "HTTP/1.1", head, host[0] if host else "", method, target, headers)
    return journal.open("HTTP/1.1", head, method, target, headers)


async def _body(entry: Entry, reader: asyncio.StreamReader) -> bytes:
    headers = {name.lower(): value for name, value in entry.headers}
    parts: list[bytes] = []
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            _keep(entry, parts, await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(parts)
    left = int(headers.get("content-length", "0"))
    while left:
        data = await reader.read(min(left, _READ_BYTES))
        if not data:
            raise ConnectionResetError
        left -= len(data)
        _keep(entry, parts, data)
    return b"".join(parts)


def _keep(entry: Entry, parts: list[bytes], data: bytes) -> None:
    entry.take(data)
    parts.append(data)


async def _until_gone(entry: Entry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A client that leaves while the answer waits at a gate is noticed here, not at the next write."""
    with contextlib.suppress(*_HANG_UP):
        if await reader.read(1):
            return
    entry.state = "client_left"
    writer.transport.abort()


async def _answer(journal: Journal, found: Answer, writer: asyncio.StreamWriter) -> bool:
    chunked = found.framing == "chunked"
    if not found.status:
        _reset(writer)
        return False
    writer.write(_head(found))
    async for piece in paced(journal, found):
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        await writer.drain()
    if found.ending == "clean":
        if chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return found.framing != "until_close"
    await writer.drain()
    if found.ending == "reset":
        _reset(writer)
    return False


def _head(found: Answer) -> bytes:
    phrase = _PHRASES.get(found.status, "Overloaded")
    lines = [f"HTTP/1.1 {found.status} {phrase}", _DATE, *(f"{name}: {value}" for name, value in found.headers)]
    if found.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif found.framing == "length":
        lines.append(f"Content-Length: {_promised(found)}")
    else:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _promised(found: Answer) -> int:
    """A cut answer promises more than it sends."""
    return sum(map(len, found.pieces)) + (0 if found.ending == "clean" else 100)


def _reset(writer: asyncio.StreamWriter) -> None:
    """A TCP RST instead of a FIN."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

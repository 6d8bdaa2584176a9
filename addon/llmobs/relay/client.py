"""Makes one attempt: sends its token to the proxy of this process, waits for the answer as long as the rules allow."""

import asyncio
import contextlib

import aiohttp

from llmobs.relay.passage import Trial
from llmobs.relay.patience import CONNECT, FIRST_BYTE, IDLE, TOTAL, Patience

TOKEN = "x-llmobserve-relay"  # noqa: S105 - the header's name
# As much as mitmproxy itself lets pass.
_HEAD_BYTES = 1024 * 1024
# The rest of a refused answer is read, so that its connection can be used again; more than this is no error message.
_REST_BYTES = 1024 * 1024
_REST_SECONDS = 2.0
_KEPT_ALIVE_SECONDS = 75.0
_FOREVER = float("inf")


class LateError(Exception):
    """Time is up for what was waited for, in the word of its rule."""

    def __init__(self, phase: str) -> None:
        super().__init__(phase)
        self.phase = phase


class Client:
    """Connections to the proxy of this process, kept by the host that they lead to."""

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_HEAD_BYTES,
            max_field_size=_HEAD_BYTES,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def ask(self, token: str, trial: Trial, patience: Patience) -> aiohttp.ClientResponse:
        """The answer to an attempt as soon as its head is there; raises LateError or aiohttp.ClientError."""
        url = f"http://{trial.request.host}:{trial.request.port}/"
        # Of a GET, aiohttp would make a second attempt by itself.
        asking = self._session.post(url, headers={TOKEN: token}, proxy=self._proxy, allow_redirects=False)
        sent = asyncio.ensure_future(asking)
        try:
            if await _waits(sent, patience, CONNECT) and not trial.connected():
                raise LateError(CONNECT)
            if await _waits(sent, patience, FIRST_BYTE):
                raise LateError(FIRST_BYTE)
            return await sent
        except BaseException:
            # The answer may have come in this very moment, and then nobody else would hang up.
            sent.cancel()
            sent.add_done_callback(_drop)
            raise


async def _waits(sent: "asyncio.Future[aiohttp.ClientResponse]", patience: Patience, phase: str) -> bool:
    """Whether an answer still does not come when the time of a phase is up."""
    now = asyncio.get_running_loop().time()
    until, word = patience.until(phase, now)
    unlimited = until == _FOREVER
    if unlimited and phase == CONNECT:
        return False
    await asyncio.wait({sent}, timeout=None if unlimited else max(0.0, until - now))
    if not sent.done() and word == TOTAL:
        raise LateError(TOTAL)
    return not sent.done()


def _drop(sent: "asyncio.Future[aiohttp.ClientResponse]") -> None:
    if not sent.cancelled() and sent.exception() is None:
        sent.result().close()


async def first(answered: aiohttp.ClientResponse, patience: Patience) -> bytes:
    """The first bytes of a body, where a rule says how long they may take; else none, and the head need not wait."""
    if patience.rules.first_byte_s is None:
        return b""
    return await _read(answered, patience, FIRST_BYTE)


async def more(answered: aiohttp.ClientResponse, patience: Patience) -> bytes:
    """The next bytes of a body, b"" at its end; raises LateError or aiohttp.ClientError."""
    return await _read(answered, patience, IDLE)


async def _read(answered: aiohttp.ClientResponse, patience: Patience, phase: str) -> bytes:
    until, word = patience.until(phase, asyncio.get_running_loop().time())
    try:
        async with asyncio.timeout_at(until if until < _FOREVER else None):
            return await answered.content.readany()
    except TimeoutError:
        raise LateError(word) from None


async def finish(answered: aiohttp.ClientResponse) -> None:
    """Read the rest of an answer that nobody wants, or hang up where it is long."""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(_REST_SECONDS):
            await answered.content.read(_REST_BYTES)
            await answered.content.readany()
    answered.close()

"""The server between a client's call and its attempts: asks, tries again elsewhere or later, streams the answer on.

Both of its ends are proxies of this process, and only tokens pass between them: what a client sent stays in memory. It
does not know mitmproxy; an attempt is made by asking a proxy for a token, which stands for its request there.
"""

import asyncio
import secrets
import socket
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from llmobs.policy.refusal import Kind, Refusal, answer
from llmobs.policy.relay_schema import RESET, TIMEOUT
from llmobs.relay import head
from llmobs.relay.client import TOKEN, Client, LateError, finish, first
from llmobs.relay.course import Failure, Step
from llmobs.relay.passage import TIMEOUTS, Passage, Trial
from llmobs.relay.patience import Patience
from llmobs.relay.stream import stream

# Where a host says nothing mitmproxy answers with a page for people, which no client of the provider reads.
_PAGE = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of an attempt: an answer, with as much of its body as was waited for, or a failure, or both."""

    answered: aiohttp.ClientResponse | None
    first: bytes = b""
    failure: Failure | None = None


class Relay:
    """The calls that are under way. `calls` and `trials` are found by tokens that nobody can guess."""

    def __init__(self) -> None:
        self.calls: dict[str, Passage] = {}
        self.trials: dict[str, Trial] = {}
        self._client: Client
        self._server: web.Server | None = None

    async def serve(self, listener: socket.socket, proxy: str) -> None:
        """Answer on a socket that listens; attempts go through `proxy`."""
        self._client = Client(proxy)
        self._server = web.Server(self._answer, handler_cancellation=True, access_log=None)
        await asyncio.get_running_loop().create_server(self._server, sock=listener)

    async def close(self) -> None:
        """Let go of all connections."""
        if self._server is not None:
            # `shutdown` waits for what is idle as well.
            for open_one in self._server.connections:
                open_one.force_close()
            await self._client.close()

    def expect(self, passage: Passage) -> str:
        """Take a call; the token leads to it."""
        token = secrets.token_hex(16)
        self.calls[token] = passage
        return token

    async def _answer(self, asked: web.BaseRequest) -> web.StreamResponse:
        passage = self.calls.pop(asked.headers.get(TOKEN, ""), None)
        if passage is None:
            return web.Response(status=404)
        clock = asyncio.get_running_loop().time
        patience = Patience(passage.timeouts, clock(), clock())
        step: Step | None = passage.course.step
        while step is not None:
            await asyncio.sleep(step.wait_s)
            patience.tried = clock()
            trial = passage.trial(step)
            told = await self._attempt(trial, patience)
            step = passage.course.after(told.failure, patience.left(clock())) if told.failure else None
            if step is not None and told.answered is not None:
                await finish(told.answered)
        if told.answered is None:
            return _failed(passage, told.failure)
        if told.failure is not None and told.failure.unanswered and told.answered.status == _PAGE:
            await finish(told.answered)
            return _failed(passage, told.failure)
        async with told.answered:
            return await stream(asked, told.answered, told.first, trial, patience)

    async def _attempt(self, trial: Trial, patience: Patience) -> _Told:
        token, answered = secrets.token_hex(16), None
        self.trials[token] = trial
        try:
            answered = await self._client.ask(token, trial, patience)
            failure = trial.failure(answered.status, {n.lower(): value for n, value in answered.headers.items()})
            return _Told(answered, b"" if failure else await first(answered, patience), failure)
        except (LateError, asyncio.CancelledError) as late:
            if answered is not None:
                answered.close()
            if not isinstance(late, LateError):
                raise
            trial.give_up(late.phase, patience.told(late.phase))
            return _Told(None, failure=Failure(TIMEOUT, f"timeout: {patience.told(late.phase)}"))
        except aiohttp.ClientError:
            return _Told(None, failure=Failure(RESET, "connection lost"))
        finally:
            self.trials.pop(token, None)


def _failed(passage: Passage, failure: Failure | None) -> web.Response:
    """What a client is told whose last attempt brought no answer."""
    late = failure is not None and failure.word == TIMEOUT
    host, why = passage.asked.opening.host, failure.told if failure else "no answer"
    rule = TIMEOUTS if late else passage.course.rule or TIMEOUTS
    refusal = Refusal(Kind.TIMEOUT if late else Kind.UNAVAILABLE, rule, f"{host} did not answer: {why}")
    said = answer(refusal, passage.asked.dialect)
    fields = [(name.encode(), value.encode()) for name, value in said.headers.items()]
    length = (b"content-length", b"%d" % len(said.body))
    came = head.Head("", (*fields, length))
    return web.Response(status=said.status, body=said.body, headers={head.HEAD: head.packed(came)})

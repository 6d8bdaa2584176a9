"""The relay between a real client and a proxy that does as it is told."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.dialects.openai_chat import OPENAI_CHAT
from llmobs.meter import Meter
from llmobs.policy.refusal import Kind
from llmobs.policy.relay_schema import Retries, Target, Timeouts
from llmobs.relay.aim import Request
from llmobs.relay.client import TOKEN, Client
from llmobs.relay.course import Course, Step
from llmobs.relay.head import HEAD, unpacked
from llmobs.relay.passage import Passage, Trial
from llmobs.relay.patience import Patience
from llmobs.relay.server import Relay
from tests.books import BOOK
from tests.writer.calls import running

# Longer than any test that ends as it should.
LONG = 30.0
ASKED = Request("https", "api.openai.com", 443, "POST", "/v1/chat/completions", "HTTP/1.1", "", (), b"{}")

type Proxy = Callable[[Trial, web.BaseRequest], Awaitable[web.StreamResponse]]


def attempt(key: str) -> Attempt:
    """What is begun for a call, or for one of its attempts."""
    provider = BOOK.providers["openai"]
    return Attempt(
        opening=running(key),
        book=BOOK,
        provider=provider,
        route=None,
        dialect=OPENAI_CHAT,
        meter=Meter(UNKNOWN),
        sent=True,
    )


def passage(retries: Mapping[str, object] | None = None, **timeouts: str) -> Passage:
    """A call under rules as the file says them."""
    rules = Retries.model_validate({"backoff_s": "0.001", **retries}) if retries is not None else None
    return Passage(attempt("asked"), ASKED, Course(rules), Timeouts.model_validate(timeouts), lambda target: None)


class Bench:
    """A relay, its proxy and a client."""

    def __init__(self, relay: Relay, url: str, client: aiohttp.ClientSession) -> None:
        self.relay, self.url, self.client = relay, url, client

    async def ask(self, call: Passage) -> tuple[int, bytes]:
        """What a client gets."""
        async with self.client.get(self.url, headers={TOKEN: self.relay.expect(call)}) as answer:
            return answer.status, await answer.read()


@asynccontextmanager
async def bench(proxy: Proxy) -> AsyncIterator[Bench]:
    """All of them on this machine, for one test."""
    relay = Relay()

    async def answer(asked: web.BaseRequest) -> web.StreamResponse:
        trial = relay.trials[asked.headers[TOKEN]]
        trial.attempt = attempt(f"attempt {trial.step.number}")
        return await proxy(trial, asked)

    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    own, theirs = (f"http://127.0.0.1:{door.getsockname()[1]}" for door in doors)
    server = await asyncio.get_running_loop().create_server(
        web.Server(answer, handler_cancellation=True), sock=doors[1]
    )
    await relay.serve(doors[0], theirs)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(LONG)) as client:
            yield Bench(relay, own, client)
    finally:
        await relay.close()
        server.close()


def says(*statuses: int, **headers: str) -> Proxy:
    """A proxy whose providers answer with these statuses, one after the other; 0 is a broken connection."""
    left = list(statuses)

    async def proxy(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
        status = left.pop(0)
        assert trial.attempt is not None
        if not status:
            assert asked.transport is not None
            asked.transport.abort()
            return web.Response()
        trial.attempt.status_code = status
        return web.Response(status=status, text=f"said {status}", headers=headers)

    return proxy


def run(proxy: Proxy, call: Passage) -> tuple[int, bytes]:
    """One call, from its beginning to its end."""

    async def main() -> tuple[int, bytes]:
        async with bench(proxy) as made:
            got = await made.ask(call)
            assert not made.relay.calls
            assert not made.relay.trials
            return got

    return asyncio.run(main())


def test_good_answer() -> None:
    """It is passed on, its head as it came."""

    async def main() -> None:
        async with bench(says(200, **{"X-Odd": "1"})) as made:
            answer = await made.client.get(made.url, headers={TOKEN: made.relay.expect(passage())})
            head = unpacked(answer.headers[HEAD])
            assert await answer.read() == b"said 200"
        assert head is not None
        assert (b"X-Odd", b"1") in head.fields

    asyncio.run(main())


def test_answer_without_a_body() -> None:
    """A 204 has none, and none is waited for."""

    async def proxy(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
        assert trial.attempt is not None
        trial.attempt.status_code = 204
        return web.Response(status=204)

    assert run(proxy, passage()) == (204, b"")


def test_tried_again_until_it_is_good() -> None:
    """A refused answer and a broken connection are followed by another attempt, which knows the one before."""
    call = passage({})

    assert run(says(503, 0, 200), call) == (200, b"said 200")
    assert [trial.before and trial.before.opening.event_id for trial in call.trials] == [None, "attempt 1", "attempt 2"]


def test_last_failure_is_passed_on() -> None:
    """The client gets what the provider said last."""

    assert run(says(503, 500), passage({"attempts": "2"})) == (500, b"said 500")


def test_no_answer_at_all() -> None:
    """Where the last attempt brought nothing, the answer is ours, in the provider's shape."""
    status, body = run(says(0), passage())

    assert status == 503
    assert b"api.openai.com did not answer: connection lost" in body


def test_answer_of_another_addon() -> None:
    """What somebody else in the proxy answers in the provider's place is the client's answer as it is."""

    async def proxy(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=403, text="not from here")

    assert run(proxy, passage()) == (403, b"not from here")


@pytest.mark.parametrize("retries", [{"attempts": "2"}, None], ids=["retries", "timeouts"])
def test_page_of_the_proxy(retries: Mapping[str, object] | None) -> None:
    """Where the proxy answered in the provider's place, the client gets an error in the provider's shape instead."""

    async def proxy(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=502, text="<html>502 Bad Gateway</html>")

    status, body = run(proxy, passage(retries))

    assert status == 503
    assert json.loads(body)["error"]["message"] == "api.openai.com did not answer: not reached"


@pytest.mark.parametrize(
    ("kind", "reason"), [(Kind.UNAVAILABLE, "breaker open"), (Kind.BUDGET, "budget"), (Kind.RATE_LIMIT, "rate limit")]
)
def test_refused_by_our_own_rules(kind: Kind, reason: str) -> None:
    """That is no failure of the host; it may lead elsewhere, and is not repeated."""
    trial = Trial(Step(), ASKED, attempt("a"), None, attempt=attempt("b"))
    assert trial.attempt is not None
    trial.attempt.status_code, trial.attempt.trouble = 503, str(kind)

    failure = trial.failure(503, {})
    assert failure is not None
    assert failure.told == reason


@pytest.mark.parametrize(("reached", "word"), [(True, "reset"), (False, "connect")])
def test_answer_that_is_not_the_providers(reached: bool, word: str) -> None:
    """Where the proxy answers in the place of a provider that did not, there was none."""
    trial = Trial(Step(), ASKED, attempt("a"), None, attempt=attempt("b"), connected=lambda: reached)

    failure = trial.failure(502, {})
    assert failure is not None
    assert failure.word == word


def test_unmetered_attempt_is_judged_by_its_status() -> None:
    """An attempt without a row is an attempt as well."""
    trial = Trial(Step(), ASKED, attempt("a"), None)

    trial.give_up("idle", "idle_s is 1")
    assert trial.failure(200, {}) is None
    assert trial.failure(503, {}) is not None


def test_stranger_gets_nothing() -> None:
    """Without a token there is no call."""

    async def main() -> int:
        async with bench(says()) as made, made.client.get(made.url) as answer:
            return answer.status

    assert asyncio.run(main()) == 404


async def _silent(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(LONG)
    raise AssertionError("nobody waits so long")


# Also on a busy machine a call reaches its proxy in the shortest of these times.
@pytest.mark.parametrize(
    ("limits", "reached", "phase"),
    [
        ({"connect_s": "0.5"}, False, "connect"),
        ({"connect_s": "0.5", "first_byte_s": "1"}, True, "first_byte"),
        ({"connect_s": "20", "total_s": "0.5"}, False, "total"),
        ({"total_s": "0.5"}, True, "total"),
    ],
)
def test_silence_before_the_head(limits: dict[str, str], reached: bool, phase: str) -> None:
    """The client is told 504, the row which rule it was; what never reached its host was not sent."""

    async def proxy(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
        trial.connected = lambda: reached
        return await _silent(trial, asked)

    call = passage(None, **limits)
    status, body = run(proxy, call)
    tried = call.trials[0].attempt
    assert (status, f"timeout: {phase}_s is".encode() in body) == (504, True)
    assert tried is not None
    assert (tried.trouble, tried.policy, tried.sent) == (f"timeout_{phase}", "timeouts", reached)


def _stops(*pieces: bytes, broken: bool = False, length: int | None = None) -> Proxy:
    async def proxy(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
        assert trial.attempt is not None
        trial.attempt.status_code = 200
        answer = web.StreamResponse()
        if length is not None:
            answer.content_length = length
        await answer.prepare(asked)
        for piece in pieces:
            await answer.write(piece)
        if broken:
            assert asked.transport is not None
            asked.transport.close()
            return answer
        return await _silent(trial, asked)

    return proxy


def test_silence_after_the_head() -> None:
    """A head without a body is no first byte: there is still time for another answer."""
    call = passage({"on": ["timeout"], "attempts": "2"}, first_byte_s="0.2")

    status, _ = run(_stops(), call)
    assert (status, len(call.trials)) == (504, 2)


@pytest.mark.parametrize("length", [None, 100])
def test_stream_that_stops(length: int | None) -> None:
    """After its first byte it is cut where it stops, and nobody takes it for whole."""
    call = passage({}, idle_s="0.1", first_byte_s="20")

    with pytest.raises(aiohttp.ClientError):
        run(_stops(b"data: 1", b"data: 2", length=length), call)
    [tried] = call.trials
    assert tried.attempt is not None
    assert tried.attempt.trouble == "timeout_idle"


def test_stream_that_breaks() -> None:
    """One that is cut upstream is cut here."""
    call = passage({})

    with pytest.raises(aiohttp.ClientError):
        run(_stops(b"data: 1", broken=True, length=100), call)
    assert len(call.trials) == 1


@pytest.mark.parametrize("begun", [False, True], ids=["before the head", "before the first byte"])
def test_client_that_leaves(begun: bool) -> None:
    """The attempt is left at once."""

    async def main() -> None:
        came, gone = asyncio.Event(), asyncio.Event()

        async def proxy(trial: Trial, asked: web.BaseRequest) -> web.StreamResponse:
            came.set()
            try:
                return await (_stops() if begun else _silent)(trial, asked)
            except asyncio.CancelledError:
                gone.set()
                raise

        async with bench(proxy) as made:
            call = passage({}, first_byte_s="20")
            leaving = asyncio.ensure_future(made.ask(call))
            await came.wait()
            await asyncio.sleep(0.05)
            leaving.cancel()
            async with asyncio.timeout(LONG):
                await gone.wait()

    asyncio.run(main())


def test_target_has_its_own_request() -> None:
    """A step elsewhere asks as that host wants it."""
    there = Request("https", "other.example", 443, "POST", "/", "HTTP/1.1", "", (), b"")
    target = Target.model_construct(host="other.example", key_env="OTHER_KEY")
    call = Passage(attempt("a"), ASKED, Course(), Timeouts(), lambda wanted: there if wanted is target else None)

    assert call.trial(Step()).request is ASKED
    assert call.trial(Step(2, target)).request is there


def test_relay_that_never_served_closes() -> None:
    """Closing needs nothing to be open."""
    asyncio.run(Relay().close())


def test_answer_that_comes_as_the_client_leaves() -> None:
    """It is hung up as well: the provider must not go on for nobody."""

    async def main() -> bool:
        client, closed = Client("http://127.0.0.1:9"), []

        class Answer:
            def close(self) -> None:
                closed.append(self)

        async def post(*_: object, **__: object) -> Answer:
            asking.cancel()
            return Answer()

        trial = Trial(Step(), ASKED, attempt("a"), None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client._session, "post", post)
            asking = asyncio.ensure_future(client.ask("t", trial, Patience(Timeouts(), 0.0, 0.0)))
            with pytest.raises(asyncio.CancelledError):
                await asking
        await asyncio.sleep(0)
        await client.close()
        return bool(closed)

    assert asyncio.run(main())

"""Leads calls through the relay where the policy file has timeouts, retries or fallbacks; it decides none of them.

A client's flow is sent to the relay, which makes each attempt as a flow of its own.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine
from functools import partial

from mitmproxy import connection, ctx, http
from mitmproxy.proxy.mode_servers import ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode, UpstreamMode
from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.event import Event
from llmobs.fault import told
from llmobs.hooks import sockets
from llmobs.hooks.calls import Calls
from llmobs.hooks.once import Once
from llmobs.hooks.trials import Trials
from llmobs.policy import Policies
from llmobs.policy.relay_schema import Fallback, Retries, Target, Timeouts
from llmobs.policy.schema import PolicyFile
from llmobs.policy.scope import Scope
from llmobs.relay.aim import Request, aim
from llmobs.relay.client import TOKEN
from llmobs.relay.course import Course
from llmobs.relay.head import HEAD, unpacked
from llmobs.relay.passage import Passage
from llmobs.relay.server import Relay

LOG = logging.getLogger("llmobserve")

# A call has to be kept until it is answered; what is larger is passed on as it comes.
HELD_BYTES = 32 * 1024 * 1024
_LOCAL = "127.0.0.1"
_CALL = "llmobserve_call"


class Relaying:
    """The relay as the hooks see it: nothing, until a policy asks for it."""

    def __init__(self) -> None:
        self.relay = Relay()
        self.trials = Trials(self.relay)
        self._policies: Policies = PolicyFile()
        self._port = 0
        self._active = False
        self._late = False
        self._tasks: set[asyncio.Future[object]] = set()
        self._once = Once()

    # Life.

    def take(self, policies: Policies) -> None:
        """Do what the rules need: late connections for those that hear of every failure, a relay for some of them."""
        if policies is self._policies:
            return
        self._policies = policies
        relayed = bool(policies.timeouts or policies.retries or policies.fallbacks)
        try:
            self._connect_late(wanted=relayed or policies.breaker is not None)
            if relayed and not self._port:
                self._listen()
        except Exception as problem:  # noqa: BLE001 - no rule may break a call
            LOG.error("timeouts, retries and fallbacks are not in force: %s", told(problem))  # noqa: TRY400
        else:
            self._active = relayed

    def _connect_late(self, *, wanted: bool) -> None:
        """A provider that can't be reached is a failed call then, not a tunnel that fails before there is one."""
        if wanted and ctx.options.connection_strategy == "eager":
            ctx.options.update(connection_strategy="lazy")
            self._late = True
        elif self._late and not wanted:
            ctx.options.update(connection_strategy="eager")
            self._late = False

    def _listen(self) -> None:
        """Once begun it stays: calls may be under way when the rules go."""
        outer, inner = door(), door()
        self._port, self.trials.port = outer.getsockname()[1], inner.getsockname()[1]
        instance: ServerInstance[ProxyMode] = ServerInstance.make(mode(), ctx.master.addons.get("proxyserver"))
        self._run(asyncio.start_server(instance.handle_stream, sock=inner))
        self._run(self.relay.serve(outer, f"http://{_LOCAL}:{self.trials.port}"))

    def _run(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """Let go of all connections."""
        await self.relay.close()

    # The client's own flow.

    def look_at(self, flow: http.HTTPFlow, attempt: Attempt, named: dict[str, str]) -> None:
        """An attempt begins: one of ours knows whose it is, a client's may have to wait for its body."""
        self.trials.join(flow, attempt)
        attempt.waits = self._may_take(flow, attempt, named)

    def _may_take(self, flow: http.HTTPFlow, attempt: Attempt, named: dict[str, str]) -> bool:
        """Whether a call may go to the relay, and has to wait until its body is complete."""
        length = named.get("content-length", "")
        return (
            self._active
            and flow.live is True  # and not read from a file
            and not self.trials.theirs(flow)
            and flow.request.method == "POST"
            and not (attempt.silent or sockets.asked(named))
            and not named.get("content-type", "").startswith("application/grpc")
            and length.isdecimal()
            and int(length) <= HELD_BYTES
        )

    def took(self, flow: http.HTTPFlow, attempt: Attempt, calls: Calls) -> bool:
        """Lead a call that waited to the relay, where a rule is about it; its attempts leave the rows then."""
        if not attempt.waits:
            return False
        if self._diverted(flow, attempt):
            calls.drop(attempt)
            return True
        calls.begin(attempt)
        return False

    def _diverted(self, flow: http.HTTPFlow, attempt: Attempt) -> bool:
        try:
            return self._divert(flow, attempt)
        except Exception as problem:  # noqa: BLE001 - no rule may break a call
            LOG.error("the relay could not take %s, which goes: %s", attempt.opening.event_id, told(problem))  # noqa: TRY400
            return False

    def _divert(self, flow: http.HTTPFlow, attempt: Attempt) -> bool:
        policies = self._policies
        event = structs.replace(attempt.opening, request_model=attempt.request_model)
        timeouts, retries = _about(policies.timeouts, event), _about(policies.retries, event)
        fallback = next(filter(None, (_about(each, event) for each in policies.fallbacks)), None)
        if not (timeouts or retries or fallback):
            return False
        request = _request(flow, attempt.opening.host)
        aimed = partial(self._aim, request, attempt)
        targets = tuple(target for target in (fallback.to if fallback else ()) if aimed(target))
        course = Course(retries, fallback, targets)
        token = self.relay.expect(Passage(attempt, request, course, timeouts or Timeouts(), aimed))
        flow.metadata[_CALL] = token
        flow.request = http.Request.make(
            "GET",
            f"http://{_LOCAL}:{self._port}/",
            headers=[(b"host", _LOCAL.encode()), (TOKEN.encode(), token.encode())],
        )
        # The former one may lead through a company's proxy.
        flow.server_conn = connection.Server(address=None)
        return True

    def _aim(self, request: Request, attempt: Attempt, target: Target) -> Request | None:
        """The request for a target, where that speaks the same dialect there and can take it."""
        aimed = aim(request, attempt.request_model, target, os.environ)
        if aimed is not None:
            provider = attempt.book.provider_at(aimed.host, aimed.port)
            route = provider and attempt.book.route(provider, aimed.method, aimed.path.partition("?")[0])
            if route and attempt.route and route.dialect == attempt.route.dialect:
                return aimed
        self._once.warn(
            f"a fallback can't take calls of {attempt.opening.host}{attempt.opening.path} to {target.host}: the model "
            "is not in its `models`, the path leads to no route of the same dialect, or the request can't be rewritten"
        )
        return None

    def answered(self, flow: http.HTTPFlow) -> None:
        """Give a client the head of the answer as it came."""
        if _CALL not in flow.metadata or flow.response is None:
            return
        if (came := unpacked(flow.response.headers.get(HEAD, ""))) is not None:
            flow.response.headers = http.Headers(came.fields)
            flow.response.reason = came.reason

    def left(self, flow: http.HTTPFlow) -> None:
        """The client left: where the relay has not begun, it has nothing to do."""
        self.relay.calls.pop(flow.metadata.get(_CALL, ""), None)


def door() -> socket.socket:
    """A port of this machine, TCP by name: only then does asyncio send small packets at once, and not 40 ms later."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.bind((_LOCAL, 0))
    door.listen(socket.SOMAXCONN)
    return door


def mode() -> str:
    """How attempts go out: behind a company's proxy they go through that, too."""
    modes = (ProxyMode.parse(spec) for spec in ctx.options.mode)
    return next((f"upstream:{mode.data}" for mode in modes if isinstance(mode, UpstreamMode)), "regular")


def _about[Rule: Timeouts | Retries | Fallback](rule: Rule | None, event: Event) -> Rule | None:
    return rule if rule and Scope.of(rule.where).fits(event) else None


def _request(flow: http.HTTPFlow, host: str) -> Request:
    """What the client wants to send, to the host by its name."""
    asked = flow.request
    return Request(
        scheme=asked.scheme,
        host=host,
        port=asked.port,
        method=asked.method,
        path=asked.path,
        version=asked.http_version,
        authority=asked.authority,
        fields=asked.headers.fields,
        body=asked.raw_content or b"",
    )

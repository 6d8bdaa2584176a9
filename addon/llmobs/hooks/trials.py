"""The attempts that the relay makes, as flows: they come in at a door of their own, with a token for their request.

It does not know why they are made.
"""

import time
from functools import partial

from mitmproxy import http
from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.relay.aim import Request
from llmobs.relay.client import TOKEN
from llmobs.relay.passage import Trial
from llmobs.relay.server import Relay

_TRIAL = "llmobserve_trial"
# What a row says of the attempt itself; all else of it is the client's, and the same in each attempt.
_OWN = ("event_id", "started_at", "host", "path", "method", "provider", "operation", "api_key_id", "api_key_name")


class Trials:
    """What is done to a flow that is an attempt; `port` is their door, 0 where there is none."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.port = 0

    def theirs(self, flow: http.HTTPFlow) -> bool:
        """Whether a flow came in at the door of the attempts."""
        return self.port != 0 and flow.client_conn.sockname[1] == self.port

    def refuse(self, flow: http.HTTPFlow) -> bool:
        """Whether it asks for a tunnel at this door, which leads past all calls and is not to be had."""
        if self.theirs(flow):
            flow.kill()
            return True
        return False

    def receive(self, flow: http.HTTPFlow) -> bool:
        """Put the request of an attempt in its place; False where somebody else asks at this door."""
        if not self.theirs(flow):
            return True
        token = flow.request.headers.get(TOKEN, "")
        trial = self.relay.trials.get(token)
        if trial is None or trial.taken:
            flow.kill()
            return False
        trial.taken = True
        flow.metadata[_TRIAL] = token
        flow.request = _flow_request(trial.request)
        # Where mitmproxy wants a password of its clients, the token is one.
        flow.response = None
        return True

    def join(self, flow: http.HTTPFlow, attempt: Attempt) -> None:
        """What is known of the client's call is known of each attempt at it, and why it is made."""
        trial = self._trial(flow)
        if trial is None:
            return
        step, asked = trial.step, trial.asked
        own = {name: getattr(attempt.opening, name) for name in _OWN}
        attempt.opening = structs.replace(asked.opening, **own)
        attempt.policy, attempt.reason = step.policy, step.reason
        attempt.requested_provider = asked.provider.id if step.target else None
        trial.attempt, trial.connected = attempt, partial(_reached, flow)

    def count(self, flow: http.HTTPFlow, attempt: Attempt) -> None:
        """It is the next attempt after the one before, whatever the client said of its own."""
        trial = self._trial(flow)
        if trial is not None and trial.before is not None:
            before = trial.before.opening
            number = (before.attempt or 1) + 1
            attempt.opening = structs.replace(attempt.opening, attempt=number, retry_of=before.event_id)

    def fill(self, flow: http.HTTPFlow) -> None:
        """The body of an attempt's request, which did not come over its connection."""
        if (trial := self._trial(flow)) is not None:
            flow.request.raw_content = trial.request.body

    def _trial(self, flow: http.HTTPFlow) -> Trial | None:
        return self.relay.trials.get(flow.metadata.get(_TRIAL, ""))


def _flow_request(request: Request) -> http.Request:
    return http.Request(
        host=request.host,
        port=request.port,
        method=request.method.encode(),
        scheme=request.scheme.encode(),
        authority=request.authority.encode(),
        path=request.path.encode("utf-8", "surrogateescape"),
        http_version=request.version.encode(),
        headers=http.Headers(request.fields),
        content=b"",
        trailers=None,
        timestamp_start=time.time(),
        timestamp_end=None,
    )


def _reached(flow: http.HTTPFlow) -> bool:
    """Whether the host of an attempt is connected to."""
    server = flow.server_conn
    return (server.timestamp_tls_setup if server.tls else server.timestamp_tcp_setup) is not None

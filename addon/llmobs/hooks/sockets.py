"""WebSockets as mitmproxy shows them: their upgrade, their messages, their end."""

from functools import partial

from mitmproxy import http

from llmobs.attempt import Attempt
from llmobs.event import Outcome
from llmobs.hooks.calls import Calls
from llmobs.websocket import SocketTap

SWITCHING_PROTOCOLS = 101


def asked(named: dict[str, str]) -> bool:
    """Whether a request wants to go on as a WebSocket."""
    return "websocket" in named.get("upgrade", "").lower()


def opened(flow: http.HTTPFlow, attempt: Attempt, calls: Calls) -> bool:
    """Whether an answer opens a socket whose responses are known; they take the place of the upgrade's own row."""
    turns = attempt.dialect.turns
    assert flow.response is not None
    if turns is None or flow.response.status_code != SWITCHING_PROTOCOLS:
        return False
    calls.drop(attempt)
    attempt.request_model = attempt.request_model or attempt.query.get("deployment")  # as Azure calls it
    flow.response.stream = SocketTap(attempt, turns, calls.begin, calls.finish, calls.tell, partial(_passed_at, flow))
    return True


def message(flow: http.HTTPFlow) -> None:
    """Meter a message, and drop what was passed on, which mitmproxy would keep for as long as the socket is open."""
    assert flow.websocket is not None
    latest = flow.websocket.messages[-1]
    if (tap := _tap(flow)) is not None:
        tap.see(latest.content, from_client=latest.from_client)
    del flow.websocket.messages[:-1]


def end(flow: http.HTTPFlow, attempt: Attempt, calls: Calls) -> None:
    """The socket is closed. What passed over one of an unknown kind is not metered, and its row says so."""
    if (tap := _tap(flow)) is not None:
        assert flow.websocket is not None
        # Set also where one side was simply gone.
        outcome = Outcome.CLIENT_ABORTED if flow.websocket.closed_by_client else Outcome.UPSTREAM_ABORTED
        tap.close(outcome, flow.websocket.timestamp_end)
    else:
        attempt.trouble = "websocket_not_metered"
        calls.finish(attempt, Outcome.OK)


def _passed_at(flow: http.HTTPFlow) -> float:
    """When the latest message passed, live or in a recording."""
    assert flow.websocket is not None
    return flow.websocket.messages[-1].timestamp


def _tap(flow: http.HTTPFlow) -> SocketTap | None:
    stream = flow.response.stream if flow.response else None
    return stream if isinstance(stream, SocketTap) else None

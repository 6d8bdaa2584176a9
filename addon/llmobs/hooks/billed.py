"""What tells whether a call is billed: which attempt it is, and what its provider says of limits and refusals.

No failure of it reaches the call.
"""

import logging
import time

from mitmproxy import http

from llmobs import identity
from llmobs.attempt import Attempt
from llmobs.fault import told
from llmobs.hooks import sockets
from llmobs.retries import links
from llmobs.retries.fingerprint import Fingerprint
from llmobs.tap import RequestTap

LOG = logging.getLogger("llmobserve")


def identify(flow: http.HTTPFlow, named: dict[str, str], tap: RequestTap) -> None:
    """Have a request hashed as it passes, and know which attempt its client says it is.

    What looks up another call is no attempt of one, and neither is a socket, whose responses are told apart otherwise.
    """
    attempt, request = tap.attempt, flow.request
    if attempt.silent or sockets.asked(named):
        return
    try:
        attempt.said = links.signal(named)
        query = request.path.partition("#")[0].partition("?")[2]
        kept = identity.without_key(query) if query else ""
        url = f"{request.scheme}://{attempt.opening.host}:{request.port}{attempt.opening.path}?{kept}"
        tap.fingerprint = Fingerprint(request.method, url, named.get("content-type", ""))
    except Exception as problem:  # noqa: BLE001 - metering never breaks a call
        LOG.warning("%s is not known as an attempt: %s", attempt.opening.event_id, told(problem))


def hear(attempt: Attempt, named: dict[str, str], response: http.Response) -> None:
    """Take what the headers of an answer tell, as of when they came, live or in a recording."""
    try:
        attempt.hear(named, response.timestamp_start or time.time())
    except Exception as problem:  # noqa: BLE001 - metering never breaks a call
        LOG.warning("the headers of %s could not be read: %s", attempt.opening.event_id, told(problem))

"""Gives a kept answer to an equal request, and keeps what may be given again; it does not know how it is kept."""

import logging
import re
import time
from decimal import Decimal

from mitmproxy import http
from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.event import CostStatus, Event, Outcome
from llmobs.fault import told
from llmobs.hooks import flows
from llmobs.policy.cache import Answered, Cache, Kept
from llmobs.policy.repeatable import anew, complete, digest, never, repeatable
from llmobs.tap import RequestTap, ResponseTap
from llmobs.wire.bounded import Bounded
from llmobs.wire.content_encoding import Decoder
from llmobs.wire.errors import WireError

LOG = logging.getLogger("llmobserve")

POLICY = "cache"
MARK = "x-llmobserve-cache"
# What a client needs to read the body; ids, dates and rate limits are those of another call.
_HEADERS = ("content-type", "content-encoding")
_CODING = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([0-9.]+))?\s*")


class Replay:
    """What it knows of one flow rides on the flow's own taps."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    def answer(self, flow: http.HTTPFlow, tap: RequestTap) -> Event | None:
        """Answer a complete request that equals an earlier one; gives its row, None where it has to go."""
        if not self.cache.active or not tap.held or flow.response is not None:
            return None
        try:
            kept = self._look(flow, tap)
            return None if kept is None else _replayed(flow, tap.attempt, kept)
        except Exception as problem:  # noqa: BLE001 - a policy that fails lets the call go
            LOG.warning("the cache could not look for %s, which goes: %s", tap.attempt.opening.event_id, told(problem))
            flow.response = None
            return None

    def _look(self, flow: http.HTTPFlow, tap: RequestTap) -> Kept | None:
        attempt, body = tap.attempt, flow.request.raw_content or b""
        event = structs.replace(attempt.opening, request_model=attempt.request_model)
        if not self.cache.scope.fits(event) or not repeatable(attempt, len(body)):
            return None
        named = flows.headers(flow.request)
        if never(named):
            return None
        query = flow.request.path.partition("?")[2]
        tap.key = digest(attempt, query, named, body, self.cache.scope.group(event))
        return None if anew(named) else self.cache.find(tap.key)

    def recorder(self, flow: http.HTTPFlow) -> Bounded | None:
        """What has to see the bytes that the client gets, where they may be given again."""
        tap = flow.request.stream
        return Bounded(self.cache.max_answer_bytes) if isinstance(tap, RequestTap) and tap.key else None

    def keep(self, flow: http.HTTPFlow, tap: ResponseTap) -> None:
        """The answer is complete: it may be given again, if it is whole and its call has ended well."""
        asked, given = flow.request.stream, tap.given
        if given is None or not given.whole or not given.data or not complete(tap.attempt):
            return
        assert isinstance(asked, RequestTap)
        assert flow.response is not None
        named = flows.headers(flow.response)
        headers = tuple((name, named[name]) for name in _HEADERS if name in named)
        answered = Answered(flow.response.status_code, headers, bytes(given.data))
        self.cache.offer(tap.attempt.opening.event_id, asked.key, answered)


def _replayed(flow: http.HTTPFlow, attempt: Attempt, kept: Kept) -> Event:
    """The answer in the provider's place, and its row."""
    headers, body = dict(kept.answer.headers), kept.answer.body
    coding = headers.get("content-encoding", "")
    if coding and not accepts(flow.request.headers.get("accept-encoding", ""), coding):
        del headers["content-encoding"]
        body = decoded(coding, body)
    response = http.Response.make(kept.answer.status, b"", headers | {MARK: "hit"})
    response.raw_content = body  # `content` would encode what is encoded
    response.headers["content-length"] = str(len(body))
    flow.response = response
    attempt.status_code, attempt.streamed, attempt.response_bytes = kept.answer.status, kept.event.streamed, len(body)
    attempt.first_byte_at = attempt.ended_at = time.time()
    attempt.policy, attempt.reason = POLICY, kept.event.event_id
    if attempt.content is not None:
        coding = headers.get("content-encoding", "")
        attempt.content.collects(headers.get("content-type"))(decoded(coding, body) if coding else body)
    return _row(attempt, kept.event)


def _row(attempt: Attempt, original: Event) -> Event:
    """A call that cost nothing: no token was used, and what it would have cost stands at list price."""
    paid = original.cost_status is not CostStatus.NOT_BILLED and original.cost_usd is not None
    return structs.replace(
        attempt.event(Outcome.OK, guess=False),
        outcome=Outcome.OK,
        error_type=None,
        response_model=original.response_model,
        response_id=original.response_id,
        model=original.model,
        charges=(),
        cost_usd=Decimal(0),
        list_cost_usd=original.cost_usd if paid else original.list_cost_usd,
        cost_status=CostStatus.NOT_BILLED,
    )


def accepts(header: str, coding: str) -> bool:
    """Whether a client takes each coding of a body; one that says nothing may be unable to."""
    told = {found[1].lower(): found[2] for part in header.split(",") if (found := _CODING.fullmatch(part))}
    taken = {name for name, weight in told.items() if weight is None or weight.strip("0.")}
    refused = told.keys() - taken
    named = {part.strip().lower() for part in coding.split(",")}
    return all(name in taken or ("*" in taken and name not in refused) for name in named)


def decoded(coding: str, body: bytes) -> bytes:
    """A whole body without its coding; raises WireError where it can't be undone."""
    decoder = Decoder(coding)
    plain = decoder.feed(body) + decoder.close()
    if body and not plain:
        raise WireError(f"{coding} gives nothing")
    return plain

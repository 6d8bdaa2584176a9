"""One exchange with a provider of pricing.yaml, from its bytes to its row, without a proxy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from llmobs.attempt import Attempt
from llmobs.dialects import DIALECTS
from llmobs.event import Event, Outcome
from llmobs.meter import Meter
from llmobs.pricing import PriceBook, load
from llmobs.tap import RequestTap, ResponseTap
from llmobs.units import Quantities
from llmobs.wire.framing import Framer

PRICES = Path(__file__).parents[1] / "pricing.yaml"
BOOK = load(PRICES, dialects=DIALECTS)
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)

type Body = bytes | dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and its answer, each a JSON object or bytes; `headers` are those of the answer."""

    url: str
    method: str = "POST"
    asked: Body = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Body = b""

    def row(self, book: PriceBook = BOOK, outcome: Outcome = Outcome.OK) -> Event:
        """What the addon writes down of it, as far as it reads the same headers."""
        attempt = self._attempt(book)
        up = RequestTap(attempt)
        up(_bytes(self.asked))
        up.close()
        attempt.status_code = self.status
        attempt.served_model = self.headers.get("dg-model-name")
        attempt.meter.note(self.headers)
        kind = "application/json" if isinstance(self.answer, dict) else None
        down = ResponseTap(attempt, None, Framer(self.headers.get("content-type", kind)), bank=lambda _: None)
        down.see(_bytes(self.answer))
        down.close()
        return attempt.event(outcome)

    def _attempt(self, book: PriceBook) -> Attempt:
        address = urlsplit(self.url)
        provider = book.provider_at(address.netloc, 443)
        assert provider is not None, address.netloc
        route = book.route(provider, self.method, address.path)
        assert route is not None, address.path
        dialect = DIALECTS[route.dialect or ""]
        opening = Event(
            event_id="e",
            started_at=AT,
            host=address.netloc,
            path=address.path,
            method=self.method,
            provider=provider.id,
            operation=route.operation or dialect.operation,
        )
        return Attempt(
            opening=opening,
            book=book,
            provider=provider,
            route=route,
            dialect=dialect,
            meter=Meter(dialect),
            query=dict(parse_qsl(address.query)),
        )


def quantities(event: Event) -> Quantities:
    """How much of each unit an event charges for."""
    return {charge.unit: charge.quantity for charge in event.charges}


def _bytes(body: Body) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()

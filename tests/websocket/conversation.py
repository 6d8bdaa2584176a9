"""A socket as tests hold it: messages in, rows out, and prices to calculate with by head."""

import json
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from llmobs.attempt import Attempt
from llmobs.dialects import DIALECTS
from llmobs.event import Event, Outcome
from llmobs.meter import Meter
from llmobs.websocket import SocketTap
from tests.books import book

BOOK = book("""
updated: 2026-11-20
providers:
  openai:
    name: OpenAI
    hosts: [api.openai.com]
    routes:
    - {path: "/v1/responses", method: GET, dialect: openai_responses}
    - {path: "/v1/realtime", method: GET, dialect: openai_realtime}
    - {path: "/v1/live/sessions", method: GET, dialect: openai_live}
    models:
      gpt-x:
      - {input: 2, cached_input: 1, output: 10, web_search: 10}
      gpt-realtime:
      - {input: 4, cached_input: 0.4, input_audio: 32, cached_input_audio: 0.5, output: 16, output_audio: 64}
      whisper-x:
      - {audio_second: 0.001}
      transcribe-x:
      - {input: 1, input_audio: 3, output: 5}
      gpt-live-1:
      - {audio_second: 0.01}
  x_ai:
    name: xAI
    hosts: [api.x.ai]
    routes:
    - {path: "/v1/realtime", method: GET, dialect: openai_realtime}
    models:
      grok-voice:
      - {audio_second: 0.01}
  gcp.gemini:
    name: Gemini
    hosts: [generativelanguage.googleapis.com]
    routes:
    - {path: "/ws/*", method: GET, dialect: gemini_live}
    models:
      gemini-live:
      - {input: 1, input_audio: 3, output: 4, output_audio: 12, web_search: 14}
""")
PATHS = {
    "openai_responses": ("api.openai.com", "/v1/responses"),
    "openai_realtime": ("api.openai.com", "/v1/realtime"),
    "openai_live": ("api.openai.com", "/v1/live/sessions"),
    "x_ai": ("api.x.ai", "/v1/realtime"),
    "gemini_live": ("generativelanguage.googleapis.com", "/ws/google.ai.Service.BidiGenerateContent"),
}


class Socket:
    """One socket with a clock that stands at `now`; `begun`, `rows` and `told` are what it said of its responses."""

    def __init__(self, name: str, model: str | None = None) -> None:
        host, path = PATHS[name]
        provider = BOOK.provider_at(host, 443)
        assert provider is not None
        route = BOOK.route(provider, "GET", path)
        assert route is not None
        assert route.dialect is not None
        dialect = DIALECTS[route.dialect]
        assert dialect.turns is not None
        started = datetime(2026, 11, 20, tzinfo=UTC)
        opening = Event(
            event_id="socket", started_at=started, host=host, path=path, method="GET", operation=dialect.operation
        )
        upgrade = Attempt(
            opening=opening, book=BOOK, provider=provider, route=route, dialect=dialect, meter=Meter(dialect),
            request_model=model, status_code=101,
        )  # fmt: skip
        self.now = started.timestamp()
        self.begun: dict[str, Event] = {}
        self.rows: list[Event] = []
        self.told: list[Event] = []
        self.tap = SocketTap(upgrade, dialect.turns, self._begin, self._finish, self.told.append, lambda: self.now)

    def _begin(self, attempt: Attempt) -> None:
        assert attempt.opening.event_id not in self.begun
        self.begun[attempt.opening.event_id] = replace(attempt.opening)

    def _finish(self, attempt: Attempt, outcome: Outcome, reason: str | None) -> None:
        assert attempt.opening.event_id in self.begun
        self.rows.append(attempt.event(outcome, reason))

    def client(self, *messages: dict[str, Any] | bytes) -> "Socket":
        """What the client sends."""
        return self._pass(messages, from_client=True)

    def server(self, *messages: dict[str, Any] | bytes) -> "Socket":
        """What the server sends."""
        return self._pass(messages, from_client=False)

    def _pass(self, messages: tuple[dict[str, Any] | bytes, ...], *, from_client: bool) -> "Socket":
        for message in messages:
            text = message if isinstance(message, bytes) else json.dumps(message).encode()
            self.tap.see(text, from_client=from_client)
        return self

    def row(self) -> Event:
        """The only row."""
        (row,) = self.rows
        return row

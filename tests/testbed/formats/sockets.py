"""What providers say over a WebSocket, after their references; it does not know how messages travel.

A conversation is asked with one message of the client and gives the messages of the answer, in order.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

from tests.testbed.formats.reply import WORDS
from tests.testbed.scenario import Counts, Scenario

type Said = dict[str, Any]
_SOUND = base64.b64encode(bytes(range(240)) * 4).decode()


class Conversation:
    """One socket: `opening` comes unasked; `binary` is how Google sends its JSON."""

    def __init__(self, target: str, scenario: Scenario) -> None:
        path, _, query = target.partition("?")
        self.model = parse_qs(query).get("model", ["unknown"])[0]
        self.scenario = scenario
        self.count = 0
        self.binary = "/ws/google" in path
        self.opening: list[Said] = []
        if path.endswith("/realtime"):
            self.opening = [{"type": "session.created", "event_id": "e0", "session": {"model": self.model}}]
            self._speak: Callable[[Said], Iterator[Said]] = self._realtime
        else:
            self._speak = self._gemini if self.binary else self._responses

    def answer(self, message: bytes) -> Iterator[Said]:
        """What the provider says to one message; nothing to most of them."""
        return self._speak(json.loads(message))

    @property
    def _counts(self) -> Counts:
        return self.scenario.counts or Counts()

    def _words(self) -> tuple[str, ...]:
        words = WORDS if self.scenario.words is None else self.scenario.words
        return (words * (1 + self.scenario.length // len(words)))[: self.scenario.length or len(words)]

    def _realtime(self, asked: Said) -> Iterator[Said]:
        if asked["type"] != "response.create":
            return
        self.count += 1
        key, n = f"resp_{self.count}", self._counts
        response: Said = {"object": "realtime.response", "id": key, "status": "in_progress", "output": []}
        yield {"type": "response.created", "event_id": "e1", "response": {**response, "usage": None}}
        of = {"event_id": "e2", "response_id": key, "item_id": "item_1", "output_index": 0, "content_index": 0}
        for word in self._words():
            yield {"type": "response.output_audio_transcript.delta", **of, "delta": word}
            yield {"type": "response.output_audio.delta", **of, "delta": _SOUND}
        usage = {
            "total_tokens": n.input + n.output,
            "input_tokens": n.input,
            "output_tokens": n.output,
            "input_token_details": {"text_tokens": n.input, "audio_tokens": 0, "cached_tokens": n.cached},
            "output_token_details": {"text_tokens": n.output, "audio_tokens": 0},
        }
        yield {
            "type": "response.done",
            "event_id": "e3",
            "response": {**response, "status": "completed", "usage": usage},
        }

    def _responses(self, asked: Said) -> Iterator[Said]:
        self.count += 1
        n = self._counts
        lane = {"stream_id": asked["stream_id"]} if "stream_id" in asked else {}
        response: Said = {"id": f"resp_{self.count}", "object": "response", "model": asked["model"], "output": []}
        yield {"type": "response.created", **lane, "sequence_number": 0, "response": {**response, "usage": None}}
        of = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
        for number, word in enumerate(self._words(), 1):
            yield {"type": "response.output_text.delta", **lane, **of, "sequence_number": number, "delta": word}
        usage = {
            "input_tokens": n.input,
            "input_tokens_details": {"cached_tokens": n.cached},
            "output_tokens": n.output,
            "output_tokens_details": {"reasoning_tokens": n.reasoning},
            "total_tokens": n.input + n.output,
        }
        done = {**response, "status": "completed", "usage": usage}
        yield {"type": "response.completed", **lane, "sequence_number": 99, "response": done}

    def _gemini(self, asked: Said) -> Iterator[Said]:
        if "setup" in asked:
            yield {"setupComplete": {}}
        if "client_content" not in asked:
            return
        n = self._counts
        for word in self._words():
            yield {"serverContent": {"modelTurn": {"parts": [{"text": word}]}}}
        yield {"serverContent": {"generationComplete": True}}
        details = [{"modality": "TEXT", "tokenCount": n.input}]
        usage = {"promptTokenCount": n.input, "promptTokensDetails": details, "responseTokenCount": n.output}
        total = {"totalTokenCount": n.input + n.output}
        yield {"serverContent": {"turnComplete": True}, "usageMetadata": usage | total}

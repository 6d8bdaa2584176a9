"""What the tests of sections share: a server that remembers what calls told, and a program that starts anew."""

import importlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from llmobs import sections
from llmobs.sections import clients, hosts, scope

_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
_CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
    "usage": _USAGE,
}
_MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
_GEMINI = {"candidates": [{"content": {"parts": [{"text": "hi"}], "role": "model"}, "finishReason": "STOP"}]}


class _Listener(ThreadingHTTPServer):
    """Takes as many connections at once as a test opens; of more than the usual five, some are forgotten."""

    request_queue_size = 256


class Server:
    """Answers any request; `told` are the members of ours of each, in the order of arrival."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        seen = self.headers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append({name.lower(): value for name, value in self.headers.items()})
                answer = json.dumps(_answer(self.path)).encode()
                self.send_response(307 if "redirect" in self.path else 200)
                if "redirect" in self.path:
                    self.send_header("Location", self.path.partition("to=")[2])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_GET  # noqa: N815 - as the server wants it

            def log_message(self, *args: object) -> None:
                pass

        self._server = _Listener(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def told(self) -> list[dict[str, str]]:
        """What each request told of itself."""
        return [members(headers.get("baggage", "")) for headers in self.headers]


def members(baggage: str) -> dict[str, str]:
    """Our members of a baggage header, without what begins their names."""
    pairs = [member.strip().partition("=") for member in baggage.split(",")]
    return {
        unquote(name).removeprefix("llmobserve."): unquote(value)
        for name, _, value in pairs
        if name.startswith("llmobserve.")
    }


def clean() -> None:
    """As if the program had not called `observe`."""
    scope.DEFAULTS.clear()
    hosts.AUDIENCE.__init__()  # type: ignore[misc]
    sections._ADVISED.clear()


def uninstrument() -> None:
    """Take the instrumentation off the clients again."""
    for _, package, name in clients.CLIENTS:
        instrumentor: Any = getattr(importlib.import_module(f"opentelemetry.instrumentation.{package}"), name)()
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()


def _answer(path: str) -> dict[str, Any]:
    if "messages" in path:
        return _MESSAGE
    return _GEMINI if "generateContent" in path else _CHAT

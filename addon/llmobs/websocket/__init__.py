"""The metering of WebSockets: one socket carries many responses, and each is an attempt of its own."""

from llmobs.websocket.tap import SocketTap

__all__ = ["SocketTap"]

"""The words of a call, where its content was kept, as turns of a dialogue; it knows shapes of messages, not APIs."""

import json
from collections.abc import Iterator
from typing import Any

from llmobs.tokens import text_of

# Members that hold turns: of requests, and of answers.
_REQUEST = (
    "system",
    "systemInstruction",
    "system_instruction",
    "instructions",
    "messages",
    "input",
    "contents",
    "prompt",
)
_ANSWER = ("choices", "output", "candidates", "content", "message", "text")


def turns(content: str) -> Iterator[tuple[str, str]]:
    """Who says what, request before answer; a side of an unknown shape is told as it is."""
    told = json.loads(content)
    sides = told if isinstance(told, dict) else {}
    if "request" not in sides and "response" not in sides:
        yield "content", _plain(told)
    if "request" in sides:
        yield from _side(sides["request"], _REQUEST, "user")
    if "response" in sides:
        yield from _side(sides["response"], _ANSWER, "assistant")


def _side(side: Any, members: tuple[str, ...], speaker: str) -> Iterator[tuple[str, str]]:
    found = False
    for member in members:
        if isinstance(side, dict) and side.get(member):
            found = True
            yield from _said(side[member], "system" if member.startswith(("system", "instr")) else speaker)
    if not found:
        yield speaker, _plain(side)


def _said(value: Any, speaker: str) -> Iterator[tuple[str, str]]:
    """The turns of a list of messages; else one turn of all its words."""
    parts = value if isinstance(value, list) else [value]
    if not any(isinstance(part, dict) and ("role" in part or "message" in part or "content" in part) for part in parts):
        parts = [{"content": value}]
    for part in parts:
        inner = part["message"] if isinstance(part, dict) and isinstance(part.get("message"), dict) else part
        role = inner.get("role") if isinstance(inner, dict) else None
        words = {key: cell for key, cell in inner.items() if key != "role"} if isinstance(inner, dict) else inner
        yield str(role or speaker), "\n".join(text_of(words)) or _plain(inner)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

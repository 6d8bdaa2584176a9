"""A captured request taken apart: system prompt, tools, tool results, messages; it counts nothing and knows no price.

It knows how the APIs call these parts, as tables; what it does not know counts as messages.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

type Json = Any

# Where a request says what the model is, and what it may call.
_SYSTEM = ("system", "instructions", "systemInstruction", "system_instruction", "preamble")
_TOOLS = ("tools", "functions", "toolConfig", "tool_config")
_MESSAGES = ("messages", "input", "contents", "prompt", "message", "chat_history")
_SYSTEM_ROLES = frozenset({"system", "developer"})
# A message, an item, a block or a part that holds what a tool answered.
_RESULT_ROLES = frozenset({"tool", "function"})
_RESULT_TYPES = frozenset({"tool_result", "function_call_output", "custom_tool_call_output", "local_shell_call_output"})
_RESULT_KEYS = ("toolResult", "functionResponse", "function_response")
_RESULT_IDS = ("tool_call_id", "tool_use_id", "call_id", "toolUseId", "id")
# Where a request limits its answer.
_LIMITS = (
    ("max_completion_tokens",), ("max_output_tokens",), ("max_tokens",), ("generationConfig", "maxOutputTokens"),
    ("generation_config", "max_output_tokens"), ("inferenceConfig", "maxTokens"), ("options", "num_predict"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What one tool answered, and its name where the request tells it."""

    tool: str
    value: Json


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request; `limit` is how many tokens it lets the answer have."""

    system: tuple[Json, ...]
    tools: tuple[Json, ...]
    results: tuple[Result, ...]
    messages: tuple[Json, ...]
    limit: int | None

    @property
    def prefix(self) -> str:
        """What comes first, and is the same in many requests, as text to compare."""
        return json.dumps([self.tools, self.system], ensure_ascii=False, sort_keys=True)


def request(content: str) -> Request | None:
    """The parts of the request in a captured content; None where it is no JSON object."""
    try:
        told = json.loads(content).get("request")
    except (ValueError, AttributeError, RecursionError):
        return None
    return _parts(told) if isinstance(told, dict) else None


def _parts(told: Mapping[str, Json]) -> Request:
    system = [told[name] for name in _SYSTEM if told.get(name)]
    results: list[Result] = []
    messages: list[Json] = []
    names = dict(_calls(told))
    for message in _messages(told):
        if isinstance(message, dict) and message.get("role") in _SYSTEM_ROLES:
            system.append(message.get("content"))
        else:
            _sort(message, names, results, messages)
    tools = tuple(told[name] for name in _TOOLS if told.get(name))
    return Request(tuple(system), tools, tuple(results), tuple(messages), _limit(told))


def _messages(told: Mapping[str, Json]) -> Iterator[Json]:
    for name in _MESSAGES:
        value = told.get(name)
        if value:
            yield from value if isinstance(value, list) else [value]


def _sort(message: Json, names: Mapping[str, str], results: list[Result], messages: list[Json]) -> None:
    """A message to the results of tools or to the messages, block by block where it has blocks."""
    if not isinstance(message, dict):
        messages.append(message)
    elif message.get("role") in _RESULT_ROLES or message.get("type") in _RESULT_TYPES:
        results.append(Result(_tool(message, names), message.get("content") or message.get("output")))
    elif inner := next((message[key] for key in _RESULT_KEYS if isinstance(message.get(key), dict)), None):
        results.append(Result(_tool(inner, names), inner.get("content") or inner.get("response")))
    elif isinstance(blocks := message.get("content") or message.get("parts"), list):
        for block in blocks:
            _sort(block, names, results, messages)
    else:
        messages.append(message)


def _tool(result: Mapping[str, Json], names: Mapping[str, str]) -> str:
    """The tool that answered, by its name or by that of the call it answers."""
    found = result.get("name") or next(
        (names[id_] for key in _RESULT_IDS if (id_ := str(result.get(key))) in names), ""
    )
    return str(found) or "(unnamed)"


def _calls(value: Json) -> Iterator[tuple[str, str]]:
    """The id and name of every call of a tool, wherever it stands."""
    waiting = [value]
    while waiting:
        at = waiting.pop()
        if isinstance(at, list):
            waiting.extend(at)
        elif isinstance(at, dict):
            waiting.extend(at.values())
            function = at.get("function")
            name = at.get("name") or (function.get("name") if isinstance(function, dict) else None)
            if isinstance(name, str):
                yield from ((str(at[key]), name) for key in ("call_id", "id", "toolUseId") if at.get(key))


def _limit(told: Mapping[str, Json]) -> int | None:
    for path in _LIMITS:
        at: Json = told
        for name in path:
            at = at.get(name) if isinstance(at, dict) else None
        if isinstance(at, int) and at > 0:
            return at
    return None

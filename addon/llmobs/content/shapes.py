"""How the events of each API's streams become one answer, as data; it does not know bytes, nor what is kept of it.

Sources: the API references of the dialects of the same names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of an event, and where it goes.

    at: dotted path in the event; "" is the event itself. only: members of it that count, all where there are none.
    into: list of the answer that it belongs to; "" is the answer itself. index: member of the event that says which
        element it is, or of the part where the part is in a list; events without it are not meant.
    without: the event must not have this member. name: member that a text becomes. whole: it replaces what there is.
    """

    at: str
    into: str = ""
    index: str = ""
    only: tuple[str, ...] = ()
    without: str = ""
    name: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of one API's events, and what members are called in its whole answers.

    rooted: they are below the dialect's root.
    """

    pieces: tuple[Piece, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    rooted: bool = False


_CHAT = Shape(
    (Piece("", only=("id", "model", "error")), Piece("choices", into="choices", index="index")), {"delta": "message"}
)
_MESSAGE = Shape(
    (
        Piece("message"),
        Piece("content_block", into="content", index="index"),
        Piece("delta", into="content", index="index"),
        Piece("delta", without="index"),
        Piece("", only=("completion", "generation", "outputText", "stop_reason")),
        Piece("error"),
    ),
    {"partial_json": "input"},
)
_RESPONSE = Shape(
    (
        Piece("item", into="output", index="output_index", whole=True),
        Piece("delta", into="output", index="output_index", name="text"),
        Piece("response", whole=True),
        Piece("", only=("code", "message")),
    )
)
_GEMINI = Shape(
    (Piece("", only=("responseId", "modelVersion", "promptFeedback", "error")), Piece("candidates", "candidates")),
    rooted=True,
)
_CONVERSE = Shape(
    (
        Piece("", only=("role", "stopReason")),
        Piece("start", into="content", index="contentBlockIndex"),
        Piece("delta", into="content", index="contentBlockIndex"),
    )
)
_COHERE = Shape(
    (
        Piece("", only=("id", "text", "finish_reason")),
        Piece("delta.message.content", into="content", index="index"),
        Piece("delta.message.tool_calls", into="tool_calls", index="index"),
        Piece("delta.message", only=("role", "tool_plan")),
        Piece("delta", only=("finish_reason",)),
        Piece("response", whole=True),
    )
)
_OLLAMA = Shape((Piece("", only=("model", "message", "response", "thinking", "done_reason", "error")),))

SHAPES: dict[str, Shape] = {
    **dict.fromkeys(
        ("openai_chat", "openai_chat_hidden", "openai_chat_search", "openai_chat_gateway", "cloudflare"), _CHAT
    ),
    "openai_responses": _RESPONSE,
    "anthropic": _MESSAGE,
    "bedrock_invoke": _MESSAGE,
    "bedrock_converse": _CONVERSE,
    "gemini": _GEMINI,
    "cohere": _COHERE,
    "ollama": _OLLAMA,
}

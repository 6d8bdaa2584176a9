"""The events of a stream as the one answer that they are; it knows no API, only shapes."""

from collections.abc import Iterable

from llmobs import tokens
from llmobs.content.plain import parsed
from llmobs.content.shapes import SHAPES, Piece, Shape
from llmobs.dialect import Dialect, Json

# Texts that come in parts; any other text is told once, or told again.
_PARTS = frozenset(
    {
        "arguments", "completion", "content", "data", "generation", "input", "outputText", "partial_json", "reasoning",
        "reasoning_content", "refusal", "response", "signature", "text", "thinking", "tool_plan", "transcript",
    }
)  # fmt: skip
# What a part says of itself does not change what the whole is.
_FIRST = frozenset({"type", "role", "id", "index"})
# No answer has more parts; an index beyond it is none.
_MAX_ELEMENTS = 10_000


def assembled(dialect: Dialect, messages: Iterable[bytes]) -> Json:
    """The answer of a stream; its text alone where nobody knows how the parts fit together."""
    events = [event for message in messages if isinstance(event := parsed(message), dict)]
    shape = SHAPES.get(dialect.name)
    if shape is None:
        roots = [_root(dialect, event) for event in events]
        return {
            "text": "".join(tokens.text_of([root[name] for root in roots for name in dialect.text if name in root]))
        }
    answer: dict[str, Json] = {}
    for event in events:
        for piece in shape.pieces:
            _take(answer, _root(dialect, event) if shape.rooted else event, piece)
    return _named(answer, shape)


def _root(dialect: Dialect, event: dict[str, Json]) -> dict[str, Json]:
    found = (event.get(root) for root in dialect.roots if root)
    return next((root for root in found if isinstance(root, dict)), event)


def _take(answer: dict[str, Json], event: dict[str, Json], piece: Piece) -> None:
    """Put one part of an event, or each element of a list of them, where it belongs."""
    part: Json = event
    for step in filter(None, piece.at.split(".")):
        part = part.get(step) if isinstance(part, dict) else None
    if piece.without and piece.without in event:
        return
    elements = enumerate(part) if isinstance(part, list) else [(None, part)]
    for position, element in elements:
        told = _told(element, piece)
        if told and (target := _target(answer, event if element is part else told, piece, position)) is not None:
            _put(target, told, whole=piece.whole)


def _told(element: Json, piece: Piece) -> dict[str, Json]:
    if isinstance(element, str) and piece.name:
        return {piece.name: element}
    if not isinstance(element, dict):
        return {}
    return {name: element[name] for name in piece.only if name in element} if piece.only else element


def _target(
    answer: dict[str, Json], says: dict[str, Json], piece: Piece, position: int | None
) -> dict[str, Json] | None:
    """Where a part goes; None where it says no place, or one that can't be."""
    if not piece.into:
        return answer
    index = says.get(piece.index, position)
    return _slot(answer, piece.into, index) if isinstance(index, int) else None


def _slot(answer: dict[str, Json], into: str, index: int) -> dict[str, Json] | None:
    elements = answer.setdefault(into, [])
    if not isinstance(elements, list) or not 0 <= index < _MAX_ELEMENTS:
        return None
    while len(elements) <= index:
        elements.append({})
    return elements[index] if isinstance(elements[index], dict) else None


def _put(old: dict[str, Json], new: dict[str, Json], *, whole: bool) -> None:
    if whole:
        old.clear()
        old.update(new)
        return
    for name, member in new.items():
        if member is not None:
            old[name] = _merged(name, old.get(name), member)


def _merged(name: str, old: Json, new: Json) -> Json:
    if old is None:
        return _copied(new)
    if isinstance(old, str) and isinstance(new, str):
        return old + new if name in _PARTS else old if name in _FIRST else new
    if isinstance(old, dict) and isinstance(new, dict):
        _put(old, new, whole=False)
        return old
    if isinstance(old, list) and isinstance(new, list):
        _join(old, new)
        return old
    # A block begins with an empty object where its text is to come.
    return old if name in _FIRST else _copied(new)


def _copied(tree: Json) -> Json:
    """An own copy, as what is put together grows."""
    if isinstance(tree, dict):
        return {name: _copied(member) for name, member in tree.items()}
    return [_copied(element) for element in tree] if isinstance(tree, list) else tree


def _join(old: list[Json], new: list[Json]) -> None:
    """Elements that say which they are go to their like, text to the text before it, others to the end."""
    for element in new:
        like = _like(old, element) if isinstance(element, dict) else None
        if like is not None and isinstance(element, dict):
            _put(like, element, whole=False)
        else:
            old.append(_copied(element))


def _like(elements: list[Json], new: dict[str, Json]) -> dict[str, Json] | None:
    """The element that a part belongs to."""
    if "index" in new:
        return next((e for e in elements if isinstance(e, dict) and e.get("index") == new["index"]), None)
    last = elements[-1] if elements else None
    return last if isinstance(last, dict) and isinstance(new.get("text"), str) and _kind(last) == _kind(new) else None


def _kind(element: dict[str, Json]) -> dict[str, Json]:
    """What a text says beside itself: whether it is a thought, for one."""
    return {name: member for name, member in element.items() if name != "text"} if "text" in element else {"text": None}


def _named(answer: dict[str, Json], shape: Shape) -> dict[str, Json]:
    """Members as whole answers call them; JSON that came in parts is read."""
    for elements in answer.values():
        for element in elements if isinstance(elements, list) else ():
            for old, new in shape.names.items():
                if isinstance(element, dict) and old in element:
                    part = element.pop(old)
                    read = parsed(part.encode("utf-8", "replace")) if isinstance(part, str) else part
                    element[new] = part if read is None else read
    return answer

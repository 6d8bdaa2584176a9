"""A tree as rows of a table, with lines from each node to what is below it; it does not know what nodes are."""

from collections.abc import Sequence
from dataclasses import dataclass

from llmobs.render.section import Cell


@dataclass(frozen=True, slots=True)
class Node:
    """A name, the cells behind it, and what is below."""

    name: Cell
    cells: Sequence[str | Cell] = ()
    children: Sequence["Node"] = ()


def branches(nodes: Sequence[Node]) -> list[list[str | Cell]]:
    """A row for each node, the roots without a line; however deep the tree is."""
    rows: list[list[str | Cell]] = []
    waiting = [(node, "", "") for node in reversed(nodes)]
    while waiting:
        node, lead, below = waiting.pop()
        rows.append([Cell(node.name.text, node.name.mark, lead), *node.cells])
        lines = [("├─ ", "│  ")] * (len(node.children) - 1) + [("└─ ", "   ")]
        children = zip(node.children, lines, strict=False)
        waiting += reversed([(child, below + to, below + beside) for child, (to, beside) in children])
    return rows

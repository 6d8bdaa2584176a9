"""Trees as rows with lines from each node to what is below it."""

from llmobs.render import Cell, Node, branches, text_of


def test_branches() -> None:
    """Lines lead to each child, the last one's ends there; cells follow the name and marks stay."""
    leaf = Node(Cell("leaf", "bad"), ["7"])
    tree = [Node(Cell("a"), ["1"], [Node(Cell("b"), children=[leaf, leaf]), Node(Cell("c"), children=[leaf])]), leaf]
    rows = branches(tree)

    assert [text_of(row[0]) for row in rows] == [
        "a",
        "├─ b",
        "│  ├─ leaf",
        "│  └─ leaf",
        "└─ c",
        "   └─ leaf",
        "leaf",
    ]
    assert rows[2] == [Cell("leaf", "bad", "│  ├─ "), "7"]


def test_deep_tree() -> None:
    """A tree may be deeper than Python can call itself."""
    node = Node(Cell("leaf"))
    for _ in range(3000):
        node = Node(Cell("node"), children=[node])

    assert len(branches([node])) == 3001

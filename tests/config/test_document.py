"""YAML to plain texts, and where a key stands."""

from pathlib import Path

import pytest

from llmobs.config.document import Document, read
from llmobs.config.problem import Problem


def document(tmp_path: Path, text: str) -> Document:
    """A text, read from a file."""
    path = tmp_path / "p.yaml"
    path.write_bytes(text.encode())
    return read(path)


def told(tmp_path: Path, text: str) -> str:
    """What is said about a text."""
    found = document(tmp_path, text)
    return "\n".join(found.worded(found.problems)).replace(f"{tmp_path}/", "")


def test_scalars_stay_text(tmp_path: Path) -> None:
    """Numbers, dates and booleans arrive as they were written, nested in plain lists and dicts."""
    found = document(tmp_path, "\ufeffa: 1.10\nb: [true, {c: 2026-11-20, d: null}]\ne:\n")

    assert found.data == {"a": "1.10", "b": ["true", {"c": "2026-11-20", "d": "null"}], "e": ""}
    assert found.problems == ()


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_empty_file_holds_nothing(tmp_path: Path, text: str) -> None:
    """A file without values reads without a problem."""

    assert document(tmp_path, text).problems == ()
    assert not document(tmp_path, text).data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [*.x.com]\n", "p.yaml:1: not valid YAML: did not find expected alphabetic or numeric character; put text"),
        (
            "a: 1\nb: c: d\n",
            "p.yaml:2: not valid YAML: mapping values are not allowed in this context; put text that c",
        ),
        ("a:\n\tb: 1\n", "p.yaml:2: not valid YAML: found character that cannot start any token; indent with spaces"),
        ("a: [1, 2\nb: 3\n", "p.yaml:2: not valid YAML: did not find expected ',' or ']'; look for a missing"),
        ("%x\n", "p.yaml:1: not valid YAML: found unknown directive name; correct this line"),
        ("a: 1\nb: \x01\n", "p.yaml:2: not valid YAML: unacceptable character #x0001: control characters are not all"),
    ],
)
def test_syntax_error_names_line_and_cure(tmp_path: Path, text: str, message: str) -> None:
    """Text that is not YAML gives one line with the place and what to do."""

    assert told(tmp_path, text).startswith(message)


def test_key_that_stands_twice(tmp_path: Path) -> None:
    """A repeated key is reported at its second place, and trouble before a syntax error is kept."""

    assert told(tmp_path, "a: {b: 1,\n b: 2}\n") == "p.yaml:2: a.b: stands twice in the same mapping; keep one of them"
    assert told(tmp_path, "a: 1\na: 2\nb: c: d\n").startswith("p.yaml:2: a: stands twice")
    assert len(told(tmp_path, "a: 1\na: 2\nb: c: d\n").splitlines()) == 2


def test_reference_is_refused(tmp_path: Path) -> None:
    """A YAML alias is most often a pattern without quotes, and is told so."""

    assert told(tmp_path, "a: &x 1\nb: *x\n").startswith(
        "p.yaml:2: b: a reference to another value is not read here; put"
    )


def test_key_that_is_no_text(tmp_path: Path) -> None:
    """A list as a key is refused."""

    assert told(tmp_path, "? [a, b]\n: 1\n") == "p.yaml:1: a key must be plain text; write it without brackets"


def test_second_document_is_refused(tmp_path: Path) -> None:
    """Only one YAML document fits in a file."""

    assert (
        told(tmp_path, "a: 1\n---\nb: 2\n") == "p.yaml:2: a second YAML document starts here; keep one document a file"
    )


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a binary one are problems like any other."""
    (tmp_path / "p.yaml").write_bytes(b"\xff\xfe\x00")

    missing = read(tmp_path / "no.yaml")
    assert missing.worded(missing.problems)[0].endswith(
        "no.yaml:1: cannot be read: No such file or directory; name a readable YAML file in UTF-8"
    )
    assert "it is not UTF-8 text" in read(tmp_path / "p.yaml").problems[0].text


def test_problems_are_placed_and_sorted(tmp_path: Path) -> None:
    """A problem gets the line of its key or list item, or of the nearest one above, and lines are in order."""
    found = document(tmp_path, "a:\n  b:\n  - {c: 1}\n  - {c: 2,\n     d: 3}\n")
    paths = [("a", "b", 1, "d"), ("a", "b", 1, "e"), ("a", "b", 7), ("a",), ("x",), ()]
    lines = found.worded(Problem(path, "t") for path in paths)

    assert [line.split(":", 1)[1] for line in lines] == [
        "1: a: t",
        "1: x: t",
        "1: t",
        "2: a.b[7]: t",
        "4: a.b[1].e: t",
        "5: a.b[1].d: t",
    ]

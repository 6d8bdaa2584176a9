"""What tests of terminal scripts share: a database of some events, and what a script prints about it."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmobs import store
from llmobs.event import Event, to_row

type Main = Callable[[Sequence[str]], int]


def stored(path: Path, events: Iterable[Event]) -> Path:
    """A database that holds these events."""
    with store.writing(path) as db:
        db.load([to_row(event) for event in events], {})
    return path


def printed(main: Main, capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    """What a script prints that ends with this status."""
    assert main([str(argument) for argument in arguments]) == status
    return capsys.readouterr().out


def answered(main: Main, capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """The JSON that a script prints, with every digit."""
    found: dict[str, Any] = json.loads(printed(main, capsys, *arguments, "--json"), parse_float=Decimal)
    return found


def rows_of(text: str, title: str) -> list[list[str]]:
    """The rows of a section under its headings, split at wide gaps; its note is the last one."""
    lines = text.partition(title)[2].partition("\n\n")[0].splitlines()[3:]
    return [re.split(r"\s{2,}", line.strip()) for line in lines if line.strip()]

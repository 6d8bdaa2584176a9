"""Answers as JSON and CSV, with every digit; it does not know what they mean."""

import csv
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from scripts.console.asking import Rows


def print_json(answers: Mapping[str, Any]) -> None:
    """One object, a key for each answer."""
    exact = msgspec.json.Encoder(decimal_format="number").encode(answers)
    print(msgspec.json.format(exact, indent=2).decode())


def print_csv(rows: Rows) -> None:
    """A heading and a line for each row; the heading alone where there is none, as programs go by it."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows.columns)
    for row in rows:
        writer.writerow(map(_cell, row.values()))


def _cell(cell: object) -> object:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return msgspec.json.encode(cell).decode() if isinstance(cell, bool | dict | list) else cell

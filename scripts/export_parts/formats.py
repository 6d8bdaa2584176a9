"""What an export can be written as, in the words of DuckDB's COPY; it does not know which calls are wanted."""

from collections.abc import Mapping
from dataclasses import dataclass

from llmobs.columns import COLUMNS

# A spreadsheet runs what begins so; in front of it an apostrophe makes it a text.
_FORMULA = r"^[=+\-@\t\r\n]"


@dataclass(frozen=True, slots=True)
class Format:
    """How a file ends, and how DuckDB writes its rows; `joins` where files can be put behind each other."""

    suffix: str
    form: str
    joins: bool


FORMATS: Mapping[str, Format] = {
    "parquet": Format(".parquet", "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000", joins=False),
    "csv": Format(".csv", "FORMAT csv, HEADER false", joins=True),
    "jsonl": Format(".jsonl", "FORMAT json", joins=True),
    # made of Parquet files of a day, by `otlp`
    "otlp": Format(".otlp.jsonl", "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000", joins=True),
}


def heading(name: str) -> bytes:
    """What stands before the first row."""
    return (",".join(COLUMNS) + "\n").encode() if name == "csv" else b""


def query(name: str, *, raw: bool) -> str:
    """The calls of a day with the columns of the table, oldest first."""
    columns = ", ".join(_csv(column, kind, raw=raw) if name == "csv" else f'"{column}"' for column, kind in _KINDS)
    return f"SELECT {columns} FROM selected_events WHERE started_at::DATE = getvariable('day') ORDER BY started_at"  # noqa: S608


_KINDS = [(column, kind) for column, (kind, _) in COLUMNS.items()]


def _csv(column: str, kind: str, *, raw: bool) -> str:
    """A cell: nested values as JSON, and no text that a spreadsheet would run."""
    if kind.startswith("STRUCT"):
        return f'to_json("{column}")::VARCHAR AS "{column}"'
    if raw or kind != "VARCHAR":
        return f'"{column}"'
    harmless = f"""CASE WHEN regexp_matches("{column}", '{_FORMULA}') THEN '''' || "{column}" ELSE "{column}" END"""
    return f'{harmless} AS "{column}"'

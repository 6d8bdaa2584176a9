"""Files of events as Parquet: how they are named, written, and read as one table; it does not know where they lie.

Columns are only ever added, at the end: so their number, which is part of the name, says which ones a file has, and a
query need not open every file to know (DuckDB's `union_by_name` does). Plain Parquet rather than Delta or Iceberg:
each file has one writer and never changes, so a table's log would add 40 MB of library, and a point at which all
proxies meet, to keep a promise that the name of the file keeps already.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from llmobs.columns import COLUMNS

ORDER = list(COLUMNS)
# The day of the file is part of its path, as Hive had it, and every engine since.
WRITING = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000"


def name(folder: str, day: date, writer: str, number: int) -> str:
    """Where the file lies below its place."""
    return f"{folder}/day={day:%Y-%m-%d}/{writer}-{number:08}.{len(COLUMNS)}.parquet"


def text(value: object) -> str:
    """As a literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def rows(addresses: Iterable[str], extra: Mapping[str, str] | None = None) -> str:
    """A query of the events in these files, with today's columns and `extra` ones, name -> type."""
    widths: dict[int, list[str]] = {}
    for address in addresses:
        widths.setdefault(_width(address), []).append(address)
    return " UNION ALL ".join(_read(width, files, extra or {}) for width, files in sorted(widths.items()))


def day_of(path: str) -> str:
    """The day in a file's path."""
    return path.rpartition("/day=")[2].partition("/")[0]


def _width(address: str) -> int:
    count = address.rsplit(".", 2)[-2]
    return min(int(count), len(COLUMNS)) if count.isdecimal() else len(COLUMNS)


def _read(width: int, files: Sequence[str], extra: Mapping[str, str]) -> str:
    columns = [f'"{name}"' for name in ORDER[:width]]
    columns += [f'NULL::{COLUMNS[name][0]} AS "{name}"' for name in ORDER[width:]]
    listed = ", ".join(text(file) for file in files)
    wanted = ", ".join([*columns, *extra])
    return f"SELECT {wanted} FROM read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608

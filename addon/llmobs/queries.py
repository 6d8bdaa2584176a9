"""Finds the SQL files from which every surface has its figures; it does not know what they ask."""

from pathlib import Path

_HERE = Path(__file__).resolve()
# Beside the scripts in the repository, within the package where that is installed.
_FOLDERS = (_HERE.parents[2] / "scripts", _HERE.with_name("queries"))


def query(name: str) -> str:
    """The text of a query by the name of its file; the DuckDB command line runs the same."""
    file = next(filter(Path.exists, (folder / f"{name}.sql" for folder in _FOLDERS)))
    return file.read_text(encoding="utf-8")

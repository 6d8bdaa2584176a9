"""When a price file was brought up to date; it reads no prices."""

from datetime import date
from pathlib import Path


def updated(prices: Path) -> date:
    """What the file itself says near its beginning, without reading the rest."""
    with prices.open(encoding="utf-8") as file:
        return next(date.fromisoformat(line.split()[1]) for line in file if line.startswith("updated:"))

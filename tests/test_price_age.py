from datetime import date
from pathlib import Path

from llmobs.price_age import updated


def test_date_of_a_price_file(tmp_path: Path) -> None:
    """A price file says itself when it was brought up to date."""
    (tmp_path / "prices.yaml").write_text("# Prices\nupdated: 2026-11-21\nproviders: {\n")

    assert updated(tmp_path / "prices.yaml") == date(2026, 11, 21)

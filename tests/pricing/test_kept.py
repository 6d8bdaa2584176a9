"""Prices that were read before: found again while nothing changed, and never where anything did."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from llmobs.config import document
from llmobs.pricing import PricingError, Terms, kept, load
from llmobs.pricing.book import Contents

PRICES = Path(__file__).parents[2] / "pricing.yaml"
ONE = """\
updated: 2026-11-20
providers:
  openai:
    hosts: [api.openai.com]
    routes: [{path: "/v1/chat", dialect: openai_chat}]
    models:
      gpt-4o: [{input: 2.5, output: 10}]
"""
LARGE = ONE + "# and so on\n" * 6_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of a test of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "llmobserve"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A price file that is worth keeping."""
    file = tmp_path / "large.yaml"
    file.write_text(LARGE)
    return file


def kept_file(folder: Path) -> Path:
    """The one file that was kept."""
    [file] = folder.iterdir()
    return file


def remembered(*files: Path, dialects: tuple[str, ...] | None = None) -> Contents | None:
    """What the next process would find."""
    return kept.recalled(kept.key([file.read_text() for file in files], dialects))


def rate(*files: Path) -> Decimal:
    """What the input of the one model costs."""
    book = load(*files)
    found = book.quote(book.providers["openai"], "gpt-4o", Terms(datetime(2026, 11, 28, tzinfo=UTC), 0, None))
    assert found is not None
    return found.rates["input"]


def plain(value: object) -> object:
    """A value with the kind of every part of it, to compare what compares by identity."""
    if is_dataclass(value):
        return type(value), [plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, dict):
        return [(key, plain(part)) for key, part in value.items()]
    if isinstance(value, tuple):
        return tuple, list(map(plain, value))
    return type(value), value


def test_all_prices_come_back_as_they_were() -> None:
    """Every provider, route, rule and rate of pricing.yaml is the same, in the same order and of the same kind."""
    read = load(PRICES)
    found = remembered(PRICES)

    assert found is not None
    assert plain(found) == plain(Contents(read.updated, read.providers, read.currencies))


def test_the_second_time_no_yaml_is_read(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read once is taken from the folder."""
    load(large)
    monkeypatch.setattr(document, "_Builder", None)

    assert rate(large) == Decimal("2.5")


def test_a_changed_price_is_seen(large: Path) -> None:
    """A file of the same name, size and time with another price is another file."""
    assert rate(large) == Decimal("2.5")
    before = large.stat()
    large.write_text(LARGE.replace("2.5", "3.5"))
    os.utime(large, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert large.stat().st_size == before.st_size
    assert rate(large) == Decimal("3.5")


def test_a_file_on_top_counts(large: Path, tmp_path: Path) -> None:
    """Another file, or another order of the same ones, has contents of its own."""
    own = tmp_path / "own.yaml"
    own.write_text("updated: 2026-11-21\nproviders: {openai: {models: {gpt-4o: [{input: 7}]}}}\n")

    assert [rate(large), rate(large, own), rate(large), rate(own, large)] == [*map(Decimal, ("2.5", "7", "2.5", "2.5"))]


def test_what_was_kept_without_a_check_is_checked(large: Path) -> None:
    """Contents that were read with other dialects do not stand for these."""
    load(large)

    with pytest.raises(PricingError, match="openai_chat"):
        load(large, dialects=("anthropic",))
    assert load(large, dialects=("openai_chat",)).providers


def test_other_code_reads_anew(large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version of the program kept is not used; where its code can't be read, nothing is kept."""
    load(large)
    changed = tmp_path / "rule.py"
    changed.write_text("other code")
    monkeypatch.setattr(kept, "_CODE", (changed,))
    assert remembered(large) is None

    changed.unlink()
    assert kept.key([LARGE], None) is None


def test_wrong_prices_are_not_kept(large: Path, folder: Path) -> None:
    """A file with a problem stops every start, not the first one only."""
    large.write_text(LARGE.replace("2.5", "-1"))

    for _ in range(2):
        with pytest.raises(PricingError, match=r"large\.yaml:7: .* is negative"):
            load(large)
    assert not folder.exists()


def test_a_small_file_is_not_kept(tmp_path: Path, folder: Path) -> None:
    """It is read as fast."""
    small = tmp_path / "small.yaml"
    small.write_text(ONE)

    assert rate(small) == Decimal("2.5")
    assert not folder.exists()


@pytest.mark.parametrize("damage", [lambda told: told[:-1], lambda told: told[:40], lambda told: told[:-9] + b"9" * 9])
def test_a_damaged_file_is_passed_over(large: Path, folder: Path, damage: object) -> None:
    """What was cut or changed is read anew, and put right."""
    load(large)
    file = kept_file(folder)
    whole = file.read_bytes()
    assert callable(damage)
    file.write_bytes(damage(whole))

    assert remembered(large) is None
    assert rate(large) == Decimal("2.5")
    assert file.read_bytes() == whole


def test_a_file_under_another_name_is_passed_over(large: Path, folder: Path) -> None:
    """The contents of one set of files can't be put in the place of another's."""
    load(large)
    large.write_text(LARGE.replace("2.5", "3.5"))
    file = kept_file(folder)
    file.rename(file.with_name(f"prices-{kept.key([large.read_text()], None)}"))

    assert remembered(large) is None
    assert rate(large) == Decimal("3.5")


def test_what_has_another_shape_is_passed_over(large: Path, folder: Path) -> None:
    """A file that is whole and holds no prices means nothing."""
    load(large)
    name = kept.key([LARGE], None)
    assert name is not None
    kept_file(folder).write_bytes(kept._digest([name.encode(), b"\x01"]) + b"\x01")

    assert remembered(large) is None


@pytest.mark.parametrize("shared", [".", "file"])
def test_what_others_can_write_is_not_trusted(large: Path, folder: Path, shared: str) -> None:
    """Prices from a folder or a file that other users may have changed are read anew."""
    load(large)
    (folder if shared == "." else kept_file(folder)).chmod(0o777)

    assert remembered(large) is None


def test_a_folder_that_cannot_be_made(large: Path, tmp_path: Path) -> None:
    """Where something else stands in its place the prices are read each time."""
    (tmp_path / "cache").write_text("a file")

    assert [rate(large), rate(large)] == [Decimal("2.5")] * 2


def test_a_file_that_cannot_be_put_there(large: Path, folder: Path) -> None:
    """What could not be kept leaves no draft behind."""
    name = kept.key([LARGE], None)
    (folder / f"prices-{name}").mkdir(parents=True)

    assert rate(large) == Decimal("2.5")
    assert [file.name for file in folder.iterdir()] == [f"prices-{name}"]


@pytest.mark.parametrize("named", ["", "relative/path"])
def test_without_a_named_folder_it_is_that_of_the_home(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """The folder is .cache below the home, for its user alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    load(large)

    assert kept_file(tmp_path / "home/.cache/llmobserve").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "home/.cache/llmobserve").stat().st_mode & 0o777 == 0o700


def test_without_a_home_nothing_is_kept(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service user without a home reads its prices at each start."""

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)

    assert rate(large) == Decimal("2.5")


def test_the_oldest_are_removed(large: Path, folder: Path) -> None:
    """The last four are kept, also of many that were read."""
    for price in range(1, 8):
        large.write_text(LARGE.replace("2.5", f"{price}.5"))
        load(large)

    assert len(list(folder.iterdir())) == 4
    assert remembered(large) is not None


def test_many_at_once(large: Path, folder: Path) -> None:
    """Processes that start together write the same file, and each has its prices."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(rate, [large] * 16))

    assert found == [Decimal("2.5")] * 16
    assert kept_file(folder).name.startswith("prices-")

"""The answers of prices.py as tables; they neither ask nor print."""

from collections.abc import Iterator, Mapping, Sequence

from llmobs.render import Column, Section, count, plural
from scripts.price_parts.age import Age
from scripts.price_parts.listed import Listed, Rate
from scripts.price_parts.missing import Missing
from scripts.price_parts.upstream import Difference
from scripts.price_sources.book import plain

_SOURCES = ("genai-prices", "litellm", "hand")


def of_model(found: Listed) -> Section:
    """The rates of one price list."""
    since = f" from {found.since}" if found.since else ""
    until = f" until {found.until}" if found.until and found.rates else ""
    return Section(
        f"{found.prices_of}/{found.model}{since}{until}",
        [*(Column(name, figures=False) for name in ("unit", "when", "source")), Column("USD"), Column("per")],
        [_rate(rate) for rate in found.rates],
        note="\n".join(_remarks(found)),
    )


def _rate(rate: Rate) -> list[str]:
    figure, per = plain(rate.rate_usd), "" if rate.per is None else f"{rate.per:,}"
    return [rate.unit, rate.conditions or "always", rate.source, figure if per else f"x {figure}", per]


def _remarks(found: Listed) -> Iterator[str]:
    if found.trouble:
        yield found.trouble
    yield f"price list: {found.page or 'none is named'}"
    yield from dict.fromkeys(f"{rate.source}: {rate.note}" for rate in found.rates if rate.note)
    ways: dict[str, list[str]] = {}
    for provider, way in found.providers.items():
        ways.setdefault(way, []).append(provider)
    yield from (f"{', '.join(names)}: {way}" for way, names in ways.items())


def of_missing(gaps: Sequence[Missing]) -> Section:
    """What was called without a price, the most calls first."""
    columns = [Column(name, figures=False) for name in ("provider", "model or path", "no price for", "remark")]
    rows = [
        [
            *(gap.provider, _called(gap), ", ".join(gap.units) or "-", _remark(gap)),
            *(count(number) for number in (gap.calls, gap.input_tokens, gap.output_tokens)),
            f"{gap.last_at:%Y-%m-%d}",
        ]
        for gap in gaps
    ]
    figures = [Column(name) for name in ("calls", "input", "output", "last")]
    return Section(f"Without a price: {plural(sum(g.calls for g in gaps), 'call')}", [*columns, *figures], rows)


def _called(gap: Missing) -> str:
    variants = f" ({', '.join(gap.variants)})" if gap.variants else ""
    return f"{gap.path or gap.model or '(none)'}{variants}"


def _remark(gap: Missing) -> str:
    if gap.priced:
        return "priced by now: reprice.py"
    if gap.path:
        return "no route knows this path"
    return f"did you mean {gap.like}?" if gap.like else ""


def of_age(found: Age) -> Iterator[Section]:
    """Where prices come from, and those that stood longest."""
    yield Section(
        "Public price lists",
        [Column("package", figures=False), Column("refreshed from"), Column("installed")],
        [[package.name, package.refreshed_from, package.installed or "-"] for package in found.packages],
    )
    names = ("models", *_SOURCES, "dated", "newest")
    rows = [
        [
            *(each.provider, f"{each.models:,}", *(_some(each.by_source, source) for source in _SOURCES)),
            *(str(each.dated or "-"), str(each.newest or "-")),
        ]
        for each in found.providers
    ]
    note = "rules by who gave them; dated: with a start of their own, others hold from ever on"
    yield Section("Rules", [Column("provider", figures=False), *(Column(name) for name in names)], rows, note=note)
    old = [[each.provider, each.model, each.source, f"{each.since}"] for each in found.oldest]
    columns = [Column(name, figures=False) for name in ("provider", "model", "source")]
    yield Section("Dated prices that stood longest", [*columns, Column("since")], old)


def _some(numbers: Mapping[str, int], name: str) -> str:
    return f"{numbers[name]:,}" if name in numbers else "-"


def of_difference(found: Difference) -> Iterator[str]:
    """The lines of a refresh that was not made."""
    moved = set(found.moved or ())
    by_hand = [f"{line}{'  <- changed since the last refresh' if line in moved else ''}" for line in found.by_hand]
    for title, lines in (
        ("would be added", found.added),
        ("would change", found.changed),
        ("gone upstream (kept here)", found.gone),
        ("made by hand, and upstream says otherwise (kept)", by_hand),
    ):
        yield f"{title}: {len(lines)}"
        yield from (f"  {line}" for line in lines)
    yield f"from {_named(found.versions)}; last refreshed from {_named(found.refreshed_from)}"
    if found.moved is None:
        yield "What changed since then is not known: the packages of the last refresh are not to be had."


def _named(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))

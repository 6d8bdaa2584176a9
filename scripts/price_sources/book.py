"""pricing.yaml as text that is kept: its hand-made lines stay as they are, rules are read and added line by line.

It does not know where new rules come from.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import yaml

from llmobs.units import UNITS
from scripts.price_sources.facts import When, factored
from scripts.price_sources.merge import Dated
from scripts.price_sources.names import Names

HAND = "hand"
_PROVIDER = re.compile(r"^  [a-z0-9][\w.-]*:$")
_SECTION = re.compile(r"^    (aliases|models):(?: \{\})?$")
_NAME = re.compile(r"^      (?P<name>\"(?:[^\"\\]|\\.)*\"|[^\s:][^:]*(?::[^\s:][^:]*)*):(?: (?P<target>\S.*))?$")
_RULE = re.compile(r"^        - (?P<rule>\{.*\})(?: *(?P<note>#.*))?$")
_CONDITIONS = ("above", "tier", "batch", "region", "variant", "hours", "days")
_QUOTED = ("region", "variant", "hours", "days")


class BookError(Exception):
    """A line of the price file that does not have the form that this reader keeps."""


@dataclass(slots=True)
class Line:
    """One rule as it stands in the file."""

    text: str
    start: date | None
    when: When
    source: str
    rates: Mapping[str, Decimal]

    def order(self) -> tuple[object, ...]:
        """Sort key inside a model: date and conditions, main rates first, hand-made ones last so that they win."""
        secondary = "input" not in self.rates
        return (self.start or date.min, *self.when.order(), self.source == HAND, secondary, self.source)


@dataclass(slots=True)
class Block:
    """One provider: its lines above the models, its aliases and its models' rules."""

    head: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    alias_lines: dict[str, str] = field(default_factory=dict)
    models: dict[str, list[Line]] = field(default_factory=dict)

    def names(self) -> Names:
        """The look-up of the block's models."""
        return Names(self.models, self.aliases.items())


@dataclass(slots=True)
class Book:
    """The whole file."""

    head: list[str] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)


def parse(text: str, only: str | None = None) -> Book:
    """Read a price file; a line that this reader could not write again as it is stops it.

    only: the provider whose lines are wanted, which is much faster than all.
    """
    book, block, section, model, provider = Book(), Block(), "", "", only
    for number, line in enumerate(text.splitlines(), 1):
        if _PROVIDER.match(line):
            provider, section = line.strip().removesuffix(":"), ""
            block = book.blocks.setdefault(provider, Block())
        elif not book.blocks:
            book.head.append(line)
        elif only not in (None, provider):
            continue
        elif (match := _SECTION.match(line)) is not None:
            section = match[1]
        elif not section:
            block.head.append(line)
        elif line.strip():
            model = _read(block, section, model, line, number)
    return book


def _read(block: Block, section: str, model: str, line: str, number: int) -> str:
    named, ruled = _NAME.match(line), _RULE.match(line)
    if ruled is not None and section == "models" and model:
        block.models[model].append(_line(line, ruled["rule"]))
        return model
    if named is None or (section == "aliases") == (named["target"] is None):
        raise BookError(f"line {number}: {line.strip()!r} is not of the form of {section}; write one of them a line")
    name = _text(named["name"])
    if section == "aliases":
        block.aliases[name] = _text(named["target"])
        block.alias_lines[name] = line
    else:
        block.models[name] = []
    return name


def _text(written: str) -> str:
    return str(yaml.load(written, yaml.CBaseLoader))  # noqa: S506 - the base loader makes texts only


def _line(text: str, rule: str) -> Line:
    values: dict[str, str] = yaml.load(rule, yaml.CBaseLoader)  # noqa: S506 - the same
    rates = {unit: Decimal(value) for unit, value in values.items() if unit in UNITS or unit == "multiply"}
    when = When(
        above=int(values["above"]) if "above" in values else None,
        tier=values.get("tier"),
        batch=values.get("batch") == "true",
        region=values.get("region"),
        variant=values.get("variant"),
        hours=values.get("hours"),
        days=values.get("days"),
    )
    start = date.fromisoformat(values["from"]) if "from" in values else None
    return Line(text, start, when, values.get("source", HAND), rates)


def entries(lines: Iterable[Line]) -> list[Dated]:
    """The rules of a model as dated sheets, oldest first."""
    found: dict[date | None, Dated] = {}
    for line in sorted(lines, key=Line.order):
        entry = found.setdefault(line.start, Dated(line.start, {}, HAND))
        entry.sheet.setdefault(line.when, {}).update(line.rates)
        entry.others.update({(line.when, unit): line.source for unit in line.rates})
    return list(found.values())


def lines(entry: Dated) -> Iterator[Line]:
    """The rules of one entry, one for each set of conditions and source."""
    for when, rates in factored(entry.sheet).items():
        by_source: dict[str, dict[str, Decimal]] = {}
        for unit, value in rates.items():
            source = entry.source(when, unit) if unit != "multiply" else _source_of(entry, when)
            by_source.setdefault(source, {})[unit] = value
        for source, some in by_source.items():
            tokens = {unit: value for unit, value in some.items() if unit != "multiply"}
            if "multiply" in some:
                yield _new(entry.start, source, when, {"multiply": some["multiply"]})
            if tokens:
                yield _new(entry.start, source, when, tokens)


def _source_of(entry: Dated, when: When) -> str:
    """The source of a factor: the main one where it gave any of the rates that the factor stands for."""
    places = [(w, unit) for w, units in entry.sheet.items() if replace(w, above=None) == when for unit in units]
    sources = {entry.source(*place) for place in places}
    return entry.main if entry.main in sources else min(sources)


def _new(start: date | None, source: str, when: When, rates: Mapping[str, Decimal]) -> Line:
    parts = [f"from: {start}"] if start else []
    parts.append(f"source: {source}")
    for name in _CONDITIONS:
        value = getattr(when, name)
        if value:
            shown = "true" if value is True else f'"{value}"' if name in _QUOTED else str(value)
            parts.append(f"{name}: {shown}")
    order = ("multiply", *UNITS)
    parts += [f"{unit}: {plain(rates[unit])}" for unit in sorted(rates, key=order.index)]
    return Line(f"        - {{{', '.join(parts)}}}", start, when, source, dict(rates))


def plain(value: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    text = f"{value.normalize():f}"
    return "0" if text in ("-0", "0") else text


def render(book: Book, today: date) -> str:
    """The file's text: providers, aliases, models and rules in order."""
    text = [re.sub(r"^updated:.*", f"updated: {today}", line) for line in book.head]
    for name in sorted(book.blocks):
        block = book.blocks[name]
        text += [f"  {name}:", *block.head]
        if block.aliases:
            text += ["    aliases:", *(_alias(block, alias) for alias in sorted(block.aliases, key=_sorting))]
        text.append("    models:" if block.models else "    models: {}")
        for model in sorted(block.models, key=_sorting):
            text += [f"      {key(model)}:", *(line.text for line in sorted(block.models[model], key=Line.order))]
    return "\n".join(text) + "\n"


def _sorting(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _alias(block: Block, alias: str) -> str:
    return block.alias_lines.get(alias) or f"      {key(alias)}: {key(block.aliases[alias])}"


def key(name: str) -> str:
    """A name as a YAML key, in quotes where it would not be read as the same text."""
    simple = re.fullmatch(r"[A-Za-z0-9][\w./-]*", name) and isinstance(yaml.safe_load(name), str)
    return name if simple else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

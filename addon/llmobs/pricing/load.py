"""Price files to a PriceBook: reads, checks all of them, merges later ones over earlier ones; it prices nothing."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from llmobs.config import ConfigError, Document, Problem, read, text_of, validated
from llmobs.pricing import glob, kept, schema
from llmobs.pricing.book import Contents, Currency, PriceBook
from llmobs.pricing.links import Links
from llmobs.pricing.name import Model, PriceList
from llmobs.pricing.provider import LIST_TIERS, Aborted, Billing, PathRule, Provider, ReportedCost, Route
from llmobs.pricing.rate import entries
from llmobs.pricing.rule import Rule
from llmobs.pricing.schema import PriceFile, PriceRule, ProviderBlock


class PricingError(ConfigError):
    """Prices that cannot be used."""


def load(*paths: Path, dialects: Collection[str] | None = None) -> PriceBook:
    """Read price files; a later one may add providers, and add to or replace parts of those of earlier ones.

    `dialects` are the names that routes may use; without it any name is taken. Whatever is wrong in any of the files is
    raised together, as one PricingError. What large files came to is remembered for the next process.
    """
    return PriceBook(_remembered(paths, dialects) or _read(paths, dialects))


def _remembered(paths: Sequence[Path], dialects: Collection[str] | None) -> Contents | None:
    with suppress(OSError, UnicodeDecodeError):
        return kept.recalled(kept.key(map(text_of, paths), dialects))
    return None


def _read(paths: Sequence[Path], dialects: Collection[str] | None) -> Contents:
    documents = [read(path) for path in paths]
    contents = _contents(documents, dialects)
    # Of the texts that were parsed, as the files may have changed since anybody looked.
    kept.keep(kept.key((document.text for document in documents), dialects), contents)
    return contents


def _contents(documents: Sequence[Document], dialects: Collection[str] | None) -> Contents:
    files, found = [], {id(doc): list(doc.problems) for doc in documents}
    for doc in documents:
        file, problems = validated(doc, PriceFile, {"dialects": dialects})
        files.append(file)
        found[id(doc)] += problems
    for doc, problem in Links(documents).problems():
        found[id(doc)].append(problem)
    _raise_any((doc, found[id(doc)]) for doc in documents)
    ids = dict.fromkeys(pid for file in files for pid in file.providers)
    blocks = {pid: [file.providers[pid] for file in files if pid in file.providers] for pid in ids}
    currencies = {code: _currency(rates) for file in files for code, rates in file.currencies.items()}
    providers = {pid: _provider(pid, rows) for pid, rows in blocks.items()}
    return Contents(files[0].updated or date.min, providers, currencies)


def _raise_any(found: Iterable[tuple[Document, list[Problem]]]) -> None:
    lines = [line for doc, problems in found for line in doc.worded(problems)]
    if lines:
        raise PricingError(lines)


def _currency(rates: Iterable[schema.ExchangeRate]) -> Currency:
    newest_first = sorted(rates, key=lambda rate: rate.start or date.min, reverse=True)
    return tuple((rate.start, rate.usd) for rate in newest_first)


def _provider(pid: str, blocks: Sequence[ProviderBlock]) -> Provider:
    """One provider out of its blocks: single values and models replace earlier ones, lists grow."""
    chosen = ProviderBlock.model_construct(
        **{name: getattr(block, name) for block in blocks for name in block.model_fields_set}
    )
    reported = chosen.reported_cost
    return Provider(
        id=pid,
        name=chosen.name or pid,
        source=chosen.source,
        hosts=tuple(dict.fromkeys(host for block in blocks for host in block.hosts)),
        listed_only=chosen.listed_only,
        billing=Billing(chosen.billing),
        aborted=Aborted(chosen.aborted),
        billed_errors=frozenset(word for block in blocks for word in block.billed_errors),
        subscription_keys=tuple(dict.fromkeys(key for block in blocks for key in block.subscription_keys)),
        include_usage=chosen.include_usage,
        reported_cost=None if reported is None else ReportedCost(reported.field, reported.per_usd, reported.byok),
        default_tiers=LIST_TIERS | {tier.casefold() for block in blocks for tier in block.default_tiers},
        prices_from=tuple(dict.fromkeys(name for block in reversed(blocks) for name in block.prices_from)),
        routes=tuple(_route(rule) for block in reversed(blocks) for rule in block.routes),
        prices=_price_list(pid, blocks),
    )


def _route(rule: schema.PathRule) -> PathRule:
    billing = None if rule.billing is None else Billing(rule.billing)
    route = Route(rule.dialect, rule.free, rule.priced_as, rule.operation, rule.model, billing)
    return PathRule(rule.method, rule.path, route)


def _price_list(pid: str, blocks: Sequence[ProviderBlock]) -> PriceList:
    aliases = {name.casefold(): target.casefold() for block in blocks for name, target in block.aliases.items()}
    globs = [(name, target) for name, target in aliases.items() if glob.is_glob(name)]
    return PriceList(
        provider=pid,
        models={name.casefold(): _model(name, rules) for block in blocks for name, rules in block.models.items()},
        aliases={name: target for name, target in aliases.items() if not glob.is_glob(name)},
        alias_globs=tuple(sorted(globs, key=lambda pair: -len(pair[0]))),
        strip_prefixes=tuple(dict.fromkeys(p.casefold() for block in blocks for p in block.strip_prefixes)),
    )


def _model(name: str, rules: Iterable[PriceRule]) -> Model:
    return Model(name, entries(_rule(rule) for rule in rules))


def _rule(rule: PriceRule) -> Rule:
    return Rule(
        start=rule.start,
        rates=rule.rates,
        multiply=rule.multiply,
        above=rule.above,
        tier=rule.tier,
        batch=rule.batch,
        region=rule.region,
        variant=rule.variant,
        hours=rule.hours,
        days=rule.days,
        source=rule.source,
    )

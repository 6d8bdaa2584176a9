"""What traffic costs at another model, by the proxy's own rules; it does not know how it is shown."""

import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from llmobs.invoice import billed
from llmobs.pricing import PriceBook, Quote, Terms, charges, is_estimate
from llmobs.units import UNITS, Quantities, Side
from scripts.whatif_parts.targets import Target
from scripts.whatif_parts.traffic import Calls, Grain, Traffic

ZERO = Decimal(0)
# Operations that any model does which is paid for what it writes.
WRITING = frozenset({"chat", "text_completion", "batch", "summarize"})
# Price lists say what tokens cost, not what for; such names are of models that write no text.
_OTHER_WORK = re.compile(
    r"embed|\bbge\b|\be5\b|gte-|rerank|flux|whisper|-tts|-image|-audio|realtime|transcribe|moderation|-ocr|diffusion"
)


@dataclass(slots=True)
class Priced:
    """What the calls that a model can take over cost now and there.

    then_usd: of all of them; then_known_usd: of those whose cost is known now, so that both can be compared.
    unpriced: quantities that it has no price for, by unit. no_usage: calls whose use is not known.
    other_terms: calls in a tier or batch that it does not have, at its ordinary price.
    """

    target: Target
    calls: int = 0
    known_calls: int = 0
    now_usd: Decimal = ZERO
    then_usd: Decimal = ZERO
    then_known_usd: Decimal = ZERO
    no_usage: int = 0
    estimated: bool = False
    unpriced: Counter[str] = field(default_factory=Counter)
    other_terms: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    full_price_cached_tokens: int = 0

    @property
    def lacks_tokens(self) -> bool:
        """Whether it has no price for tokens that were used, so that it has none for the traffic."""
        return any(UNITS[unit].side is not Side.FEE for unit in self.unpriced)

    @property
    def difference_usd(self) -> Decimal:
        """What it costs more than now, where both are known."""
        return self.then_known_usd - self.now_usd


def priced(book: PriceBook, traffic: Traffic, target: Target) -> Priced:
    """The traffic at one model."""
    entry = target.entry
    grain = Grain(
        size=len(entry.thresholds) > 1,
        clock=len(entry.minutes) > 1 or entry.weekly,
        region=entry.regional,
        variant=entry.varied,
    )
    found, groups = Priced(target), traffic.merged(grain)
    does = {operation: takes_over(target, operation) for operation in {calls.operation for calls in groups}}
    for calls in groups:
        if does[calls.operation]:
            _add(found, book, calls)
        else:
            found.left[calls.operation] += calls.number
    return found


def takes_over(target: Target, operation: str) -> bool:
    """Whether a model of such prices and name can do it: writing is paid by its output, embedding is not."""
    rates = [rate for rule in target.entry.rules for rate in rule.rates.items()]
    writes = any(rate for unit, rate in rates if unit == "output")
    if operation in WRITING:
        free = not any(rate for _, rate in rates)
        return (writes or free) and not _OTHER_WORK.search(target.model.casefold())
    return not writes if operation == "embeddings" else True


def _add(found: Priced, book: PriceBook, calls: Calls) -> None:
    found.calls += calls.number
    if not calls.quantities:
        found.no_usage += calls.number
        return
    quote = _quote(found, book, calls)
    used = _used(quote, calls)
    amount = ZERO
    for line in charges(quote, used):
        if line.amount_usd is None:
            found.unpriced[line.unit] += int(line.quantity)
        else:
            amount += line.amount_usd
    found.estimated = found.estimated or is_estimate(quote, used)
    found.then_usd += amount
    if calls.known:
        found.known_calls += calls.number
        found.now_usd += calls.now_usd
        found.then_known_usd += amount
    if quote and "cached_input" in used and quote.price("cached_input").each == quote.price("input").each:
        found.full_price_cached_tokens += int(used["cached_input"])


def _quote(found: Priced, book: PriceBook, calls: Calls) -> Quote | None:
    """The rates on the calls' own terms, or else on ordinary ones."""
    tier = None if calls.batch else calls.tier
    quote = _asked(book, found.target, calls, tier, batch=calls.batch)
    if quote is None or quote.tier_known:
        return quote
    found.other_terms[calls.tier] += calls.number
    return _asked(book, found.target, calls, None, batch=False)


def _asked(book: PriceBook, target: Target, calls: Calls, tier: str | None, *, batch: bool) -> Quote | None:
    terms = Terms(calls.at, calls.largest_input_tokens, tier, batch, calls.region or None, calls.variant or None)
    return book.quote(target.provider, target.model, terms)


def _used(quote: Quote | None, calls: Calls) -> Quantities:
    """What the other provider charges for, its fee for each call included."""
    used = billed(quote, calls.quantities)
    return used | {"request": calls.number} if "request" in used else used

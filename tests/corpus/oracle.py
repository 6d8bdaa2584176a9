"""A second opinion on each recorded exchange: which calls cost something, and what WIRE.md says that they used.

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import unquote

from tests.corpus.endpoints import ENDPOINTS
from tests.corpus.expected import NOTHING, Expected, Reader, State, at
from tests.corpus.job_rules import LINES, WORK, told
from tests.corpus.recording import Exchange, Json, messages

# How much an answer knows about work that others tell of as well: the one that knows most decides.
KNOWN = {State.PENDING: 0, State.FAILED: 1, State.DONE: 2}


@dataclass(frozen=True, slots=True)
class Case:
    """What one row has to say: the exchanges that tell of it, the first one first, and what they tell."""

    exchanges: tuple[Exchange, ...]
    expected: Expected


def cases(exchanges: Iterable[Exchange]) -> list[Case]:
    """What the rows of a recording must be: an exchange each, but one for each piece of work and each line."""
    found: dict[object, list[tuple[Exchange, Expected]]] = {}
    for exchange in exchanges:
        for said in expect(exchange):
            key = (said.provider, said.jobs) if said.jobs else (exchange.index, len(found))
            found.setdefault(key, []).append((exchange, said))
    merged = [Case(tuple(x for x, _ in group), _merged([said for _, said in group])) for group in found.values()]
    places = {place for case in merged if case.expected.line for place in case.expected.results}
    return [Case(case.exchanges, _without_lines(case.expected, places)) for case in merged]


def _merged(told: list[Expected]) -> Expected:
    """The answer that knows most, with the model and the quantities that an earlier one named."""
    best = max(told, key=lambda said: (KNOWN.get(said.state, 0) if said.state else 0, said.has_usage))
    quantities = {unit: n for said in told for unit, n in said.quantities.items()}
    models = [said.model for said in (best, *told) if said.model]
    settled = best.state is State.DONE and bool(quantities)
    return replace(
        best,
        quantities=quantities if best.state is not State.PENDING else {},
        model=models[0] if models else None,
        has_usage=best.has_usage or settled,
        results=frozenset().union(*(said.results for said in told)),
    )


def _without_lines(expected: Expected, places: set[str]) -> Expected:
    """A batch whose lines were seen costs nothing itself."""
    if expected.line or not expected.state or not expected.results & places:
        return expected
    return replace(expected, billed_by_lines=True, has_usage=False, quantities={})


def expect(exchange: Exchange) -> list[Expected]:
    """What WIRE.md says about an exchange: one expectation, or one for each line of a batch beside the batch's own."""
    lines = _lines(exchange)
    work = _work(exchange)
    if lines or work:
        return [*([work] if work else []), *lines]
    if exchange.method != "POST":
        return [Expected(metered=False, excluded_reason=f"{exchange.method}: repeats what was billed elsewhere")]
    for host, path, provider, reader in ENDPOINTS:
        if re.fullmatch(host, exchange.host) and re.fullmatch(path, exchange.path):
            return [_read(exchange, provider or _google(exchange.host), reader)]
    return [Expected(metered=False, excluded_reason="not an endpoint that generates")]


def _google(host: str) -> str:
    return "gcp.vertex_ai" if "aiplatform" in host else "gcp.gemini"


def _work(exchange: Exchange) -> Expected | None:
    if exchange.status >= 400:
        return None
    for methods, host, path, provider, reader in WORK:
        fits = re.fullmatch(host, exchange.host) and re.fullmatch(path, exchange.path)
        if fits and told(methods, exchange):
            found = messages(exchange.response_body)
            said = reader(exchange, found)
            return said and _signed(said, exchange, provider, found)
    return None


def _lines(exchange: Exchange) -> list[Expected]:
    if exchange.method != "GET" or exchange.status >= 400:
        return []
    for host, path, provider, reader in LINES:
        if re.fullmatch(host, exchange.host) and re.fullmatch(path, exchange.path):
            found = reader(exchange, messages(exchange.response_body))
            return [replace(said, provider=provider, provider_cost=_money(provider, said.usage)) for said in found]
    return []


def _read(exchange: Exchange, provider: str, reader: Reader) -> Expected:
    found = messages(exchange.response_body)
    said = reader(exchange, found) or NOTHING
    if exchange.status >= 400:
        said = replace(NOTHING, excluded_reason="failed calls are not billed (section 9)")
    return _signed(said, exchange, provider, found)


def _signed(said: Expected, exchange: Exchange, provider: str, found: list[Json]) -> Expected:
    money = _money(provider, said.usage)
    return replace(said, provider=provider, model=model_of(exchange, found), provider_cost=money)


def model_of(exchange: Exchange, found: list[Json]) -> str | None:
    """Response model, else request model, else URL (section 0, rule 3)."""
    if "bedrock" in exchange.host:
        asked = exchange.request.get("foundationModel")
        return asked if isinstance(asked, str) else url_model(exchange.path)
    for place in ("modelVersion", "response.model", "message.model", "interaction.model", "model", "model_id"):
        named = [name for name in (at(m, place) for m in found) if isinstance(name, str) and name]
        if named:
            return named[-1]
    asked = exchange.request.get("model") or exchange.response_headers.get("dg-model-name")
    asked = asked or exchange.asked.get("model") or _form_field(exchange, "model")
    return asked if isinstance(asked, str) else url_model(exchange.path)


def _form_field(exchange: Exchange, name: str) -> str | None:
    found = re.search(rb'name="%s"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r]*)\r\n' % name.encode(), exchange.request_body)
    return found[1].decode() if found else None


def url_model(path: str) -> str | None:
    """The model or deployment that a URL names."""
    named = re.search(r"/(?:models|deployments)/([^/:]+)", path) or re.search(r"/model/([^/]+)/", path)
    return unquote(named[1]) if named else None


def _money(provider: str, usage: Json) -> Decimal | None:
    """What the provider says it charges, in USD (section 0, rule 6)."""
    if provider == "x_ai":
        ticks = usage.get("cost_in_usd_ticks")
        return None if ticks is None else Decimal(str(ticks)) / 10**10
    if provider == "perplexity":
        return _decimal(at(usage, "cost.total_cost"))
    if provider in ("openrouter", "vercel_ai_gateway", "avian"):
        charged = _decimal(usage.get("cost"))
        upstream = _decimal(at(usage, "cost_details.upstream_inference_cost"))
        return charged + upstream if usage.get("is_byok") and charged is not None and upstream is not None else charged
    return None


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))

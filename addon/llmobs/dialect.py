"""How an API reports usage, as data: the types of the tables in `dialects/` and the one walker that reads them.

It does not know any vendor, any price, nor how messages were framed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from itertools import zip_longest

from llmobs.units import UNITS, Quantities, Side
from llmobs.wire.protobuf import Schema

type Json = object

_FIGURE = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Count:
    """`unit` takes the first of `fields` (paths in the usage object) that holds a number.

    `within` names the units whose own figures include these units again; two counts of one unit add up.
    times: paths of a number that multiplies it, 1 where there is none. once: at most 1, however large the figure is.
    """

    unit: str
    fields: tuple[str, ...]
    within: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    once: bool = False


@dataclass(frozen=True, slots=True)
class Fee:
    """`unit` takes the number at `field` of the answer, or else how many of its `items` fit `where`.

    distinct: count the different values of this member of the items. once: at most 1, however many there are.
    """

    unit: str
    field: str = ""
    items: str = ""
    where: tuple[tuple[str, str], ...] = ()
    distinct: str = ""
    once: bool = False


class Measure(StrEnum):
    """How much a member of a request stands for: the number it holds, its length as text, its elements, or a time.

    A time is a number of seconds, with or without an `s` behind it, and counts as hours.
    """

    NUMBER = "number"
    CHARACTERS = "characters"
    ITEMS = "items"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Asked:
    """What only the request tells: `unit` takes the first of `fields` (paths in its body) that is there.

    default: how much it is where the request does not say. words: how much some words stand for.
    times: paths of a number that multiplies it, in the request or else in the usage object; 1 where there is none.
    Where the usage object tells the unit as well, it is right.
    """

    unit: str
    fields: tuple[str, ...]
    measure: Measure = Measure.NUMBER
    default: int = 0
    words: Mapping[str, int] = field(default_factory=dict, hash=False)
    times: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One part of what else decides a price: the first of `fields`, of the answer or else of the request."""

    fields: tuple[str, ...]
    default: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """Where a usage object tells what was charged: the first of `amount` that is there, in USD or in `currency`.

    minor: the amount counts the smallest unit of the currency, as cents are. A negative amount is money all the same.
    """

    amount: tuple[str, ...]
    currency: tuple[str, ...] = ()
    minor: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        return self.amount + self.currency


@dataclass(frozen=True, slots=True)
class Job:
    """Work that goes on after its request: billed once, by its id, when an answer says that it is done.

    id, state: paths in the answer; results: of the file that holds the results line by line. only: path, and what
    stands there in an answer that tells of a job.
    done, failed, free: values of the state that end it, `failed` at no cost unless usage is told, `free` at none
    whatever is told; any other is pending. "" is the state of an answer that tells none.
    """

    id: tuple[str, ...]
    state: tuple[str, ...]
    done: frozenset[str]
    failed: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    results: tuple[str, ...] = ()
    only: tuple[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What an answer brings that is billed apart from it, each by an id: lines of a batch, a container that ran code.

    items: paths of the items in a message; "" is the message itself. answer: where an item holds the answer, read by
    the first of `dialects` (names) that finds usage in it. id: what names the item within its batch.
    marker: what a message with items holds. model: what its price is listed under, where no answer names a model.
    batch: path of the batch's id in the message, where the URL does not hold it. operations: by the answer's `object`,
    where that is not the ordinary one of its dialect.
    """

    dialects: tuple[str, ...]
    items: tuple[str, ...]
    answer: tuple[str, ...]
    id: tuple[str, ...]
    status: tuple[str, ...] = ()
    batch: tuple[str, ...] = ()
    operations: Mapping[str, str] = field(default_factory=dict)
    marker: bytes = b""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with a usage and a model of its own: paths in the answer, and the key under which the usage is kept."""

    key: str
    usage: str
    model: tuple[str, ...]
    default_model: str


# Fits no message: for what a dialect does not have.
NEVER = re.compile(rb"(?!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """How one WebSocket carries many responses, told by patterns of its messages, which are JSON texts.

    ask: the client asks for a response. refused: the answer to an `ask` that says that there will be none.
    begin, end: a response begins, is complete. each: every `begin` is a new response; False where all its messages fit.
    lull: a response is over, but its usage may follow: what begins next closes it.
    alone: a call that one message tells whole, such as a transcription (`alone_operation`).
    text: a piece of an answer, kept for an estimate. media: members that carry sound or pictures, told apart unparsed.
    key: paths that tell the responses of one socket apart in the messages above; `lane` finds it in any other.
    session: names the model of what follows (`model`, behind `model_prefix`), and that of the calls alone.
    status: path of how a response ended; `failed` ones say why at `reason`, `cancelled` ones were ended by the client.
    running: counts of the usage that go on from response to response, each of which is billed what it adds.
    """

    begin: re.Pattern[bytes]
    end: re.Pattern[bytes]
    each: bool = True
    ask: re.Pattern[bytes] = NEVER
    refused: re.Pattern[bytes] = NEVER
    lull: re.Pattern[bytes] = NEVER
    alone: re.Pattern[bytes] = NEVER
    alone_operation: str = "transcription"
    text: re.Pattern[bytes] = NEVER
    media: tuple[bytes, ...] = ()
    key: tuple[str, ...] = ()
    lane: re.Pattern[bytes] = NEVER
    session: re.Pattern[bytes] = NEVER
    model: tuple[str, ...] = ()
    model_prefix: str = ""
    alone_model: tuple[str, ...] = ()
    status: str = "response.status"
    failed: frozenset[str] = frozenset({"failed"})
    cancelled: frozenset[str] = frozenset({"cancelled"})
    reason: tuple[str, ...] = ()
    running: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proto:
    """The messages of a gRPC method, as schemas that give the JSON which the paths lead into."""

    answer: Schema
    request: Schema


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """One wire family. Paths are dotted; `[]` visits each element of a list, `[key=value]` those that fit.

    roots: members of a message that may hold the answer, the first one present wins; "" is the message itself.
    opening_roots: roots whose usage opens a stream and does not close it (its output counts are placeholders).
    usage: paths of the usage object below the root; the first object wins.
    merge: a later usage object overrides field by field (True) or as a whole (False).
    highest: each figure counts at its highest, in a stream that tells it once and repeats it as 0.
    final: pattern of a message whose usage is the last one; None where every usage closes the answer.
    total: field with the provider's own sum of all tokens, which decides between readings that contradict it.
    gap: unit that takes what the total holds beyond the listed counts, where a provider is known to hide it.
    apart: units listed as `within` that stand beside it for models that match the pattern.
    parts: field with sub-calls that are billed one by one, each with a usage of its own. tools: see there.
    tier: where the served tier is named; the first that is not a name of the ordinary one counts.
    tiers: served tiers by their names on the wire; a name that is not listed stands for itself.
    text: members of a message that hold generated text, for estimates; `prompt` those of a request.
    headers: response headers whose numbers join the usage object under their own names.
    asked_model: where a request names its model, if neither the URL nor a member `model` does.
    asked: quantities that only the request tells; variant: what else of request or answer decides the price.
    sums: each usage object of a stream is a call of its own (an agent's steps); they are kept as a list in `parts`.
    batch: what is told is billed at the batch rate. job, results, turns, proto: see there.
    declined: paths, and the word there that says that the model refused: without output, nothing is billed.
    looks_up: it only asks for what another call began. reads: asking by GET costs as well.
    default_model: the name of the model where neither side names one.
    bill: where the usage object tells what was really charged. currency: where it names the currency of a payment,
    whose volume is told in its smallest unit.
    provisional: what is really charged is told later, by the provider itself; until then any cost is an estimate.
    test: path that is false in an answer to a test, which costs nothing.
    """

    name: str
    usage: tuple[str, ...]
    counts: tuple[Count, ...]
    operation: str = "chat"
    roots: tuple[str, ...] = ("",)
    opening_roots: tuple[str, ...] = ()
    merge: bool = False
    highest: bool = False
    final: re.Pattern[bytes] | None = None
    total: str = ""
    gap: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)
    parts: str = ""
    tools: tuple[Tool, ...] = ()
    fees: tuple[Fee, ...] = ()
    model: tuple[str, ...] = ("model",)
    response_id: tuple[str, ...] = ("id",)
    tier: tuple[str, ...] = ("service_tier",)
    tiers: Mapping[str, str] = field(default_factory=dict)
    region: tuple[str, ...] = ()
    error: tuple[str, ...] = ("error.type", "error.code", "error.status", "error.message", "error")
    markers: tuple[bytes, ...] = (b'"usage"', b'"error"')
    text: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    asked_model: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    variant: tuple[Variant, ...] = ()
    sums: bool = False
    batch: bool = False
    job: Job | None = None
    results: Results | None = None
    turns: Turns | None = None
    declined: tuple[tuple[str, str], ...] = ()
    looks_up: bool = False
    reads: bool = False
    proto: Proto | None = None
    default_model: str = ""
    bill: Bill | None = None
    currency: tuple[str, ...] = ()
    provisional: bool = False
    test: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one usage object says: disjoint quantities by unit, for one model (None: the call's own).

    beside: it is a tool's, whose tokens are not among those that the provider calls the call's.
    """

    quantities: Quantities
    model: str | None = None
    mismatch: bool = False
    beside: bool = False


@cache
def steps(path: str) -> tuple[str | tuple[str, str], ...]:
    """`a.b[k=v].c` as keys and list selectors; `[]` is the selector of every element."""
    found: list[str | tuple[str, str]] = []
    for key, selector, every in re.findall(r"([^.\[\]]+)|\[([^\]]+)\]|(\[\])", path):
        found.append(key or (tuple(selector.split("=", 1)) if not every else ("", "")))
    return tuple(found)


def visit(value: Json, path: str) -> Iterator[Json]:
    """Every value at `path` below `value`, missing and null ones left out."""
    found: list[Json] = [value]
    for step in steps(path):
        if isinstance(step, str):
            found = [v[step] for v in found if isinstance(v, dict) and v.get(step) is not None]
        else:
            elements = [e for v in found if isinstance(v, list) for e in v]
            found = [e for e in elements if not step[0] or (isinstance(e, dict) and str(e.get(step[0])) == step[1])]
    return iter(found)


@cache
def keys(path: str) -> tuple[str, ...]:
    """The keys of a path; none where it has selectors, as most do not and those that do are rarely asked for."""
    return () if "[" in path else tuple(path.split("."))


def number(value: Json, path: str) -> int | Decimal | None:
    """The sum of the non-negative numbers at a path; None where there is none."""
    plain = keys(path)
    if not plain:
        found = [n for v in visit(value, path) if (n := _count(v)) is not None]
        return sum(found) if found else None
    for key in plain:
        if type(value) is not dict:
            return None
        value = value.get(key)
    return None if value is None else _count(value)


def first_number(value: Json, paths: tuple[str, ...]) -> int | Decimal | None:
    """The number at the first path that has one."""
    for path in paths:
        if (found := number(value, path)) is not None:
            return found
    return None


def _count(value: Json) -> int | Decimal | None:
    if type(value) is int:
        return value if value >= 0 else None
    if type(value) is str:
        return figure(value)
    return value if isinstance(value, Decimal) and value >= 0 else None


def figure(text: str) -> int | Decimal | None:
    """A number that is written as a text, as headers do, and protobuf's JSON with large ones."""
    if not _FIGURE.fullmatch(text):
        return None
    return Decimal(text) if "." in text else int(text)


def fold(dialect: Dialect, former: dict[str, Json] | None, later: dict[str, Json]) -> dict[str, Json]:
    """The usage object after one more of them was seen; null fields count as absent, explicit zeros do not."""
    if dialect.sums:
        steps = former[dialect.parts] if former else []
        assert isinstance(steps, list)
        steps.append(later)  # copying them for each further one would take quadratic time
        return {dialect.parts: steps}
    if not former or not (dialect.merge or dialect.highest):
        return later
    if dialect.highest:
        return {key: _highest(former.get(key), later.get(key)) for key in former | later}
    return former | {key: value for key, value in later.items() if value is not None}


def _highest(former: Json, later: Json) -> Json:
    """Two trees of figures as one."""
    if isinstance(former, dict) and isinstance(later, dict):
        return {key: _highest(former.get(key), later.get(key)) for key in former | later}
    if isinstance(former, list) and isinstance(later, list):
        return [_highest(*pair) for pair in zip_longest(former, later)]
    return former if (_count(former) or 0) > (_count(later) or 0) else later


def read(dialect: Dialect, usage: Mapping[str, Json], model: str | None = None) -> list[Reading]:
    """What a complete usage object bills, one reading for each model; empty where it holds no count that is known."""
    whole = _reading(dialect, usage, model)
    parts = [p for p in visit(usage, f"{dialect.parts}[]") if isinstance(p, dict)] if dialect.parts else []
    tools = _tools(dialect, usage)
    if not parts:
        return [whole, *tools] if whole else tools
    fees = {unit: n for unit, n in whole.quantities.items() if UNITS[unit].side is Side.FEE} if whole else {}
    billed = [r for part in _billed(parts) if (r := _reading(dialect, part, None))]
    return [*billed, *([Reading(fees)] if fees else []), *tools]


def _tools(dialect: Dialect, usage: Mapping[str, Json]) -> list[Reading]:
    used = [found for tool in dialect.tools if isinstance(found := usage.get(tool.key), dict)]
    return [replace(said, beside=True) for part in used if (said := _reading(dialect, part, None)) and said.quantities]


def _billed(parts: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Without the refused first hop of a fallback, which produced nothing and is not charged."""
    fell_back = any(p.get("type") == "fallback_message" for p in parts)
    return [p for p in parts if not (fell_back and p.get("type") == "message" and not p.get("output_tokens"))]


def _reading(dialect: Dialect, usage: Mapping[str, Json], model: str | None) -> Reading | None:
    raw = _raw(dialect, usage)
    if not raw:
        return None
    apart = {unit for unit, pattern in dialect.apart.items() if re.match(pattern, model or "")}
    total = number(usage, dialect.total) if dialect.total else None
    gap = _gap(dialect, raw, apart, total)
    if gap > 0:
        apart |= {c.unit for c in dialect.counts if c.within and raw.get(c.unit) == gap}
        gap = _gap(dialect, raw, apart, total)
    if gap > 0 and dialect.gap:
        raw[dialect.gap], gap = raw.get(dialect.gap, 0) + gap, 0
        apart.add(dialect.gap)
    named = usage.get("model") if model is None else None
    return Reading(_disjoint(dialect, raw, apart), named if isinstance(named, str) else None, mismatch=gap != 0)


def _gap(dialect: Dialect, raw: Quantities, apart: set[str], total: int | Decimal | None) -> int | Decimal:
    """What the provider's own sum holds beyond the figures that are added up."""
    return 0 if total is None else total - sum(map(raw.__getitem__, _outer(dialect, frozenset(raw), frozenset(apart))))


def _raw(dialect: Dialect, usage: Mapping[str, Json]) -> Quantities:
    raw: Quantities = {}
    for count in dialect.counts:
        found = first_number(usage, count.fields)
        if found is not None:
            raw[count.unit] = raw.get(count.unit, 0) + _scaled(count, usage, found)
    return raw


def _scaled(count: Count, usage: Mapping[str, Json], found: int | Decimal) -> int | Decimal:
    times = first_number(usage, count.times) if count.times else None
    whole = found if times is None else found * times
    return min(whole, 1) if count.once else whole


@lru_cache
def _outer(dialect: Dialect, listed: frozenset[str], apart: frozenset[str]) -> tuple[str, ...]:
    """The token units whose figure no other listed figure includes."""
    return tuple(
        unit
        for unit, within in _inner_first(dialect)
        if unit in listed and UNITS[unit].side is not Side.FEE and (unit in apart or listed.isdisjoint(within))
    )


def _disjoint(dialect: Dialect, raw: Quantities, apart: set[str]) -> Quantities:
    """Each figure less what is listed again under the units inside it, which never exceed it."""
    left = dict(raw)
    for unit, within in _inner_first(dialect):
        if raw.get(unit) and within and unit not in apart:
            outer = [name for name in within if name in raw]
            left[unit] = min([left[unit], *(left[name] for name in outer)])
            for name in outer:
                left[name] -= left[unit]
    return {unit: n for unit, n in left.items() if n}


@cache
def _inner_first(dialect: Dialect) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Units and the units they lie within, the innermost first: a table lists an outer unit before the inner ones."""
    return tuple(reversed({count.unit: count.within for count in dialect.counts}.items()))

"""The table that describes one wire family; it does not know any vendor."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from llmobs.dialect.quantity import Asked, Bill, Count, Fee, Tool, Variant
from llmobs.dialect.spread import Job, Proto, Results, Turns


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

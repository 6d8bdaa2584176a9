"""Folds the messages of one answer into its usage object and the facts beside it.

It does not know bytes on the wire, prices, nor how the answer ended.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from itertools import groupby

from llmobs import failure
from llmobs.answer import Members
from llmobs.dialect import Dialect, Fee, Job, Json, figure, fold
from llmobs.units import Quantities
from llmobs.wire.errors import WireError
from llmobs.wire.protobuf import to_json

# Messages are kept until usage is seen, to estimate from where it never is; the longest answers any model gives
# (128k tokens) are well below this as a stream of small events.
KEPT_BYTES = 4 * 1024 * 1024

# What the ordinary tier is called where a field beside it names another one.
ORDINARY = ("standard", "default")
_WORDS = (str, int)
_USAGE = b'"usage"'
_USUAL_NULL = b'"usage":null'
_NULL_USAGE = re.compile(rb'"usage"\s*:\s*null')


class Known(IntEnum):
    """How much of the usage has been seen; only a later state replaces an earlier one."""

    NOTHING = 0
    OPENING = 1
    RUNNING = 2
    FINAL = 3


class Meter:
    """Fed the messages of an answer in order; its attributes say what is known so far."""

    __slots__ = (
        "_dialect",
        "_kept_bytes",
        "_noted",
        "declined",
        "errors",
        "fees",
        "job_id",
        "job_state",
        "kept",
        "known",
        "model",
        "region",
        "response_id",
        "results_id",
        "seen",
        "test",
        "tier",
        "usage",
        "variants",
    )

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.seen = False
        self._kept_bytes = 0
        self.kept: list[bytes] = []
        self.known = Known.NOTHING
        self.usage: dict[str, Json] | None = None
        self.fees: Quantities = {}
        self.model: str | None = None
        self.response_id: str | None = None
        self.tier: str | None = None
        self.region: str | None = None
        self.errors: tuple[str, ...] = ()
        self.declined = False
        self.job_id: str | None = None
        self.job_state: str | None = None
        self.results_id: str | None = None
        self.test = False
        self.variants: list[str | None] = [None] * len(dialect.variant)
        self._noted: dict[str, Json] = {}

    @property
    def error(self) -> str | None:
        """The provider's word for what went wrong; `errors` are all of them."""
        return self.errors[0] if self.errors else None

    def note(self, headers: Mapping[str, str]) -> None:
        """Take the figures that response headers tell; they join the usage object under the headers' names."""
        found = [(name, figure(headers[name])) for name in self._dialect.headers if name in headers]
        self._noted = {name: told for name, told in found if told is not None}
        if self._noted:
            self._fold({}, Known.FINAL)

    def feed(self, message: bytes) -> bool:
        """Take one message; True when it told something of the usage.

        Most messages of a stream carry text only: they are told apart by a few substring tests and not parsed.
        """
        if self._dialect.proto is not None:
            try:
                message = to_json(message, self._dialect.proto.answer)
            except WireError:  # no protobuf tells as little as text that is no JSON
                return False
        if self.seen and not self.tells(message):
            self._keep(message)
            return False
        self.seen = True
        self._keep(message)
        return self._learn(message)

    def tells(self, data: bytes) -> bool:
        """Whether one message, or several in their framing, may tell of the usage; one of null tells nothing."""
        for marker in self._dialect.markers:
            # `in` first tries to read the marker as a number, at ten times the cost.
            if data.find(marker) >= 0 and (marker != _USAGE or not _only_null(data)):
                return True
        return False

    def _keep(self, message: bytes) -> None:
        if self.known < Known.FINAL and self._kept_bytes < KEPT_BYTES:
            self.kept.append(message)
            self._kept_bytes += len(message)

    def _learn(self, message: bytes) -> bool:
        top = Members(message)
        answers = [(root, top if not root else Members(raw)) for root in self._dialect.roots if (raw := top.raw(root))]
        every = [answer for _, answer in answers]
        self._facts(every if top in every else [*every, top])
        for root, answer in answers:
            for path in self._dialect.usage:
                found = answer.usage(path, self._dialect)
                if found:
                    step = {"model": self.model} if self._dialect.sums and self.model else {}
                    self._fold(found | _tools(answer, self._dialect) | step, self._state(root, message))
                    return True
        return False

    def _state(self, root: str, message: bytes) -> Known:
        if root in self._dialect.opening_roots:
            return Known.OPENING
        final = self._dialect.final
        return Known.FINAL if final is None or final.search(message) else Known.RUNNING

    def _fold(self, found: dict[str, Json], state: Known) -> None:
        self.usage = (fold(self._dialect, self.usage, found) if found else {}) | self._noted
        self.known = max(self.known, state)
        if self.known is Known.FINAL:
            self.kept.clear()

    def _facts(self, answers: list[Members]) -> None:
        """Model, ids, tier and fees; what a later message says again replaces what an earlier one said."""
        dialect = self._dialect
        self.model = _text(answers, dialect.model) or self.model
        self.response_id = _text(answers, dialect.response_id) or self.response_id
        self.tier = _tier(answers, dialect) or self.tier
        self.region = _text(answers, dialect.region) or self.region
        self.errors = self.errors or failure.told(answers, dialect.error)
        for path, word in dialect.declined:
            self.declined = self.declined or any(answer.find(path) == word for answer in answers)
        self.test = self.test or (bool(dialect.test) and answers[0].find(dialect.test) is False)
        if dialect.fees:
            self.fees |= _fees(answers[0], dialect)
        for at, variant in enumerate(dialect.variant):
            self.variants[at] = _text(answers, variant.fields) or self.variants[at]
        if dialect.job is not None:
            self._follow(dialect.job, answers)

    def _follow(self, job: Job, answers: list[Members]) -> None:
        """What an answer tells of work that goes on after it."""
        if job.only and not any(answer.find(job.only[0]) == job.only[1] for answer in answers):
            return
        self.job_id = _text(answers, job.id) or self.job_id
        self.job_state = _text(answers, job.state) or self.job_state
        results = _text(answers, job.results)
        self.results_id = results.rpartition("/")[2] if results else self.results_id


def _only_null(data: bytes) -> bool:
    """Whether every usage is null; nearly all servers write it in the way that is looked for first."""
    usages = data.count(_USAGE)
    return usages == data.count(_USUAL_NULL) or usages == len(_NULL_USAGE.findall(data))


def _tools(answer: Members, dialect: Dialect) -> dict[str, Json]:
    """The usage of tools, each with the model that bills it."""
    used: dict[str, Json] = {}
    for tool in dialect.tools:
        found = answer.find(tool.usage)
        if isinstance(found, dict):
            used[tool.key] = found | {"model": _text([answer], tool.model) or tool.default_model}
    return used


def _fees(answer: Members, dialect: Dialect) -> Quantities:
    """How often each fee fell due by this answer; those that did not are left out."""
    counted: Quantities = {}
    for place, fees in _placed(dialect):
        if place and answer.find(place) is None:
            continue
        for fee in fees:
            if due := answer.count(fee):
                counted[fee.unit] = counted.get(fee.unit, 0) + due
    return counted


@cache
def _placed(dialect: Dialect) -> tuple[tuple[str, tuple[Fee, ...]], ...]:
    """The fees with the object that holds their figures: few answers have it, and one look tells of all of them."""
    placed = groupby(dialect.fees, lambda fee: "" if fee.items or "[" in fee.field else fee.field.rpartition(".")[0])
    return tuple((place, tuple(fees)) for place, fees in placed)


def _text(answers: list[Members], paths: tuple[str, ...]) -> str | None:
    for answer in answers:
        for path in paths:
            found = answer.find(path)
            if found is not None and isinstance(found, _WORDS) and (text := str(found)):
                return text
    return None


def _tier(answers: list[Members], dialect: Dialect) -> str | None:
    ordinary = None
    for path in dialect.tier:
        if named := _text(answers, (path,)):
            tier = dialect.tiers.get(named, named)
            if tier not in ORDINARY:
                return tier
            ordinary = tier
    return ordinary

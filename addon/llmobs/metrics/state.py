"""How things stand in the proxy at one moment, as it is asked for; it does not know where that is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from llmobs.policy.breaker import Snapshot
from llmobs.policy.use import Use


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Calls count since the start of the process; `running` is calls in flight by provider, `versions` by program."""

    running: Mapping[str, int] = field(default_factory=dict)
    breakers: Sequence[Snapshot] = ()
    budgets: Sequence[Use] = ()
    spooled: int = 0
    stored: int = 0
    recovered: int = 0
    lost: int = 0
    rejected: int = 0
    ready: bool = True
    prices_updated: date | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

"""The budgets of a policy file that are worth a look, and what is wrong with that file; it sums up nothing."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from llmobs import store
from llmobs.config import ConfigError
from llmobs.policy.load import load
from llmobs.policy.pots import FilledPot, filled
from llmobs.policy.rule import rules

# A budget for each customer may have thousands; those that are nearest to their limit are worth a look.
MOST = 12


@dataclass(frozen=True, slots=True)
class Uses:
    """The budgets, the fullest first, how many there are, and what is wrong with their file."""

    shown: tuple[FilledPot, ...] = ()
    all: int = 0
    problem: str = ""


def uses(db: store.Reading, policy: Path | None, now: datetime) -> Uses:
    """Every budget with what was spent of it in the window that is open."""
    if policy is None:
        return Uses()
    try:
        kept = rules(load(policy))
    except ConfigError as problem:
        return Uses(problem=str(problem))
    found = filled(db, kept, now)
    return Uses(tuple(found[:MOST]), len(found))

"""What is left of the budgets of a policy file, asked now and then; it neither guards calls nor prints."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from llmobs import store
from llmobs.policy import load
from llmobs.policy.pots import FilledPot, filled
from llmobs.policy.rule import Rule, rules

# A month of calls is read for it: not at each look, and only a small part of the time.
AGAIN_S = 15.0
REST = 200


class Budgets:
    """The budgets of a policy file that is read once; raises ConfigError where it makes no sense."""

    def __init__(self, policy: Path | None) -> None:
        self._rules: Sequence[Rule] = rules(load(policy)) if policy else ()
        self._found: list[FilledPot] = []
        self._again = 0.0

    def look(self, db: store.Reading) -> list[FilledPot]:
        """What is spent, the fullest first; the same as before where that was asked just now."""
        began = time.monotonic()
        if self._rules and began >= self._again:
            self._found = filled(db, self._rules, datetime.now(UTC))
            took = time.monotonic() - began
            self._again = began + max(AGAIN_S, REST * took)
        return self._found

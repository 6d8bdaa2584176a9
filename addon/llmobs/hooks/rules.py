"""Every policy there is, in the order in which they are asked; it does not know what a policy file says."""

from collections.abc import Callable
from pathlib import Path

from llmobs.policy import Budgets, Guard, RateLimits
from llmobs.policy.cache import Cache
from llmobs.policy.capture import Capture


class Rules:
    """The policies of one proxy; `database` is where budgets find what was spent."""

    def __init__(self, database: Callable[[], Path]) -> None:
        self.cache = Cache()
        self.capture = Capture()
        self.budgets = Budgets(database)
        self.guards: tuple[Guard, ...] = (self.cache, self.capture, self.budgets, RateLimits(self.budgets.habits))

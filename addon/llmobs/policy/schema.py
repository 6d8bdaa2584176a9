"""What a policy file may hold, as pydantic models whose errors say what to write; frozen, they are the rules, too."""

from llmobs.config import Row
from llmobs.policy.breaker_schema import BreakerRules
from llmobs.policy.budget_schema import Budget, RateLimit
from llmobs.policy.cache_schema import CacheRules
from llmobs.policy.capture_schema import CaptureRules
from llmobs.policy.fields import KeyId, Name, Text, To
from llmobs.policy.relay_schema import Fallback, Retries, Timeouts

_NAMES = frozenset({"keys", "notify"})


class PolicyFile(Row):
    """A whole policy file; what it does not mention is off.

    keys: the `api_key_id` of rows, never the key itself, and what the key is called in reports.
    budgets: what may be spent.
    rate_limits: how much may pass in a minute.
    cache: equal requests get the answer of the first.
    capture: requests and answers are kept with their rows.
    breaker: a host that fails is left alone for a while.
    timeouts: calls that take too long are given up.
    retries: calls that fail before their first byte are tried again.
    fallbacks: calls that fail go to another host of the same dialect.
    notify: names, and the Apprise URLs that each stands for; `${NAME}` is taken from the environment.
    """

    keys: dict[KeyId, Text] = {}
    budgets: list[Budget] = []
    rate_limits: list[RateLimit] = []
    cache: CacheRules | None = None
    capture: CaptureRules | None = None
    breaker: BreakerRules | None = None
    timeouts: Timeouts | None = None
    retries: Retries | None = None
    fallbacks: list[Fallback] = []
    notify: dict[Name, list[To]] = {}

    @property
    def rules(self) -> bool:
        """Whether there is a rule; names of keys and addresses are none."""
        return any(value for section, value in self if section not in _NAMES)

"""What a policy file may hold, as pydantic models whose errors say what to write; frozen, they are the rules, too."""

from llmobs.config import Row
from llmobs.policy.breaker_schema import BreakerRules
from llmobs.policy.relay_schema import Fallback, Retries, Timeouts
from llmobs.policy.word import Text


class PolicyFile(Row):
    """A whole policy file; what it does not mention is off.

    keys: `api_key_id` -> what the key is called in reports. breaker: when a host that fails is left alone.
    timeouts, retries, fallbacks: what is done about a call that takes too long, or fails before its first byte.
    """

    keys: dict[Text, Text] = {}
    breaker: BreakerRules | None = None
    timeouts: Timeouts | None = None
    retries: Retries | None = None
    fallbacks: list[Fallback] = []

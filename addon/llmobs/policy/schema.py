"""What a policy file may hold, as pydantic models whose errors say what to write; frozen, they are the rules, too."""

from llmobs.config import Row
from llmobs.policy.cache_schema import CacheRules
from llmobs.policy.capture_schema import CaptureRules
from llmobs.policy.value_schema import Text


class PolicyFile(Row):
    """A whole policy file; what it does not mention is off.

    keys: `api_key_id`, and what the key is called in reports.
    cache: equal requests get the answer of the first.
    capture: requests and answers are kept with their rows.
    """

    keys: dict[Text, Text] = {}
    cache: CacheRules | None = None
    capture: CaptureRules | None = None

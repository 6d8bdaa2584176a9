"""What a policy file says of circuit breakers."""

from llmobs.config import Row
from llmobs.policy.amount import Count, Seconds, Share


class BreakerRules(Row):
    """When the breaker of a host opens, and for how long; `breaker: {}` takes all of these.

    failures: so many in a row. error_rate, window_s, min_calls: this share of the calls of so many seconds, once there
    are so many. open_s: calls are refused for so long. half_open_calls: so many may then try at a time.
    """

    failures: Count = 5
    error_rate: Share = 0.5
    window_s: Seconds = 60.0
    min_calls: Count = 10
    open_s: Seconds = 30.0
    half_open_calls: Count = 1

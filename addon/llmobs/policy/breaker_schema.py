"""What a policy file says of circuit breakers."""

from llmobs.config import Row
from llmobs.policy.amount import Count, Part, Seconds


class BreakerRules(Row):
    """When the breaker of a host opens, and for how long; `breaker: {}` takes all of these.

    failures: it opens after so many in a row.
    error_rate: or where this share of the calls within the window failed.
    window_s: seconds of that window.
    min_calls: calls that a share needs.
    open_s: seconds for which calls are refused or led away.
    half_open_calls: how many may then try at a time.
    """

    failures: Count = 5
    error_rate: Part = 0.5
    window_s: Seconds = 60.0
    min_calls: Count = 10
    open_s: Seconds = 30.0
    half_open_calls: Count = 1

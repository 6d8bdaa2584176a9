"""What the section `cache` of a policy file may hold; it caches nothing itself."""

from typing import Annotated

from llmobs.config import Row
from llmobs.policy.amount import whole
from llmobs.policy.fields import Text, Word

# A month, and what a machine may well have to spare.
_LONGEST_S = 31 * 86_400
_MOST_MB = 65_536


class CacheRules(Row):
    """Which answers are given again to equal requests, and for how long.

    ttl_s: seconds that an answer is good for.
    max_mb: memory for all answers; those that were not asked for the longest time make room.
    max_answer_mb: a longer answer is not kept.
    where: which calls it is about, as word and pattern. Without it all are.
    by: words whose values don't share answers, beside the key, which never does.
    """

    ttl_s: Annotated[int, whole(1, _LONGEST_S)] = 3600
    max_mb: Annotated[int, whole(1, _MOST_MB)] = 256
    max_answer_mb: Annotated[int, whole(1, _MOST_MB)] = 8
    where: dict[Word, Text] = {}
    by: list[Word] = []

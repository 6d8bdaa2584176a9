"""What the section `capture` of a policy file may hold; it captures nothing itself."""

from typing import Annotated

from pydantic import PlainValidator

from llmobs.config import Row
from llmobs.config import value as plain
from llmobs.content import Mode
from llmobs.policy.amount import Part, whole
from llmobs.policy.fields import Text, Word

# Ten years, and what a line of the spool and a cell of the table carry without trouble.
_LONGEST_DAYS = 3660
_MOST_KB = 4096


def _mode(value: object) -> Mode:
    return Mode(plain.one_of(value, Mode))


class CaptureRules(Row):
    """Whose requests and answers are kept, how much of them, and for how long.

    mode: `none`, `redacted` (without personal data) or `full`; keys and tokens are in neither.
    sample: share of the runs that is kept, of calls where they name no run.
    keep_days: after so many days content goes, also what was kept before.
    max_kb: longer content is cut.
    where: which calls it is about, as word and pattern. Without it all are.
    """

    mode: Annotated[Mode, PlainValidator(_mode)] = Mode.NONE
    sample: Part = 1.0
    keep_days: Annotated[int, whole(0, _LONGEST_DAYS)] = 7
    max_kb: Annotated[int, whole(1, _MOST_KB)] = 256
    where: dict[Word, Text] = {}

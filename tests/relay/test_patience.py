"""How long a call and its attempts may take."""

from llmobs.policy.relay_schema import Timeouts
from llmobs.relay.patience import CONNECT, FIRST_BYTE, IDLE, TOTAL, Patience

FOREVER = float("inf")


def test_no_rule_waits_for_ever() -> None:
    """Without seconds there is no end."""
    patience = Patience(Timeouts(), 0.0, 5.0)

    assert patience.until(IDLE, 7.0)[0] == FOREVER
    assert patience.left(7.0) == FOREVER


def test_each_phase_counts_from_its_own_start() -> None:
    """Connect and first byte from the attempt, idle from now, total from the call; the earliest end counts."""
    rules = Timeouts.model_validate({"connect_s": "1", "first_byte_s": "10", "idle_s": "3", "total_s": "20"})
    patience = Patience(rules, 0.0, 5.0)

    assert patience.until(CONNECT, 5.5) == (6.0, CONNECT)
    assert patience.until(FIRST_BYTE, 7.0) == (15.0, FIRST_BYTE)
    assert patience.until(IDLE, 9.0) == (12.0, IDLE)
    assert patience.until(IDLE, 19.0) == (20.0, TOTAL)
    assert patience.left(12.0) == 8.0
    assert patience.told(FIRST_BYTE) == "first_byte_s is 10"

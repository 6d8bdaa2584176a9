"""Every decoder against bytes that are nearly right; `make fuzz` looks longer, and follows the code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_sound_bytes(name: str) -> None:
    """Each seed keeps every promise under every choice."""

    for beginning in TARGETS[name].beginnings():
        TARGETS[name](beginning)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
def test_damaged_bytes(name: str, data: st.DataObject) -> None:
    """Seeds that are cut, repeated, overwritten and joined at any place keep every promise."""

    target = TARGETS[name]
    parts = data.draw(st.lists(st.sampled_from(target.seeds) | st.binary(max_size=12), max_size=4))
    body = b"".join(parts)
    place, length = data.draw(st.integers(0, len(body))), data.draw(st.integers(0, 20))
    patch = data.draw(st.binary(max_size=4))
    target.run(data.draw(st.integers(0, 2**16 - 1)), body[:place] + patch + body[place + length :])

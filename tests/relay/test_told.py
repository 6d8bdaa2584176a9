"""What headers say about asking again."""

import pytest

from llmobs.relay.told import final, wait_s

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:30 GMT"}, 10.0),
        ({"retry-after": "Mon, 21 Sep 2020 14:13:30 GMT"}, 0.0),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "nan"}, None),
    ],
    ids=str,
)
def test_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds, seconds and dates are understood; what has passed is now."""

    assert wait_s(headers, NOW) == seconds


def test_final() -> None:
    """Only a plain `false` is one."""

    assert final({"x-should-retry": "False"})
    assert not final({"x-should-retry": "true"})
    assert not final({})

from typing import Any

import pytest

from llmobs.limits import watch as limit_watch
from llmobs.limits.watch import LimitWatch


def said(watch: LimitWatch, status: int | None = 200, key: str | None = "k...cdef", **windows: Any) -> list[str]:
    """What there is to say after one answer of a host."""
    return watch.see("api.x.com", key, windows, status)


def test_a_limit_is_told_once_until_it_recovers() -> None:
    """A window is told when it is nearly used up, when it is used up, and again after it has recovered."""
    watch = LimitWatch()
    told = [said(watch, tokens={"limit": 100, "remaining": left}) for left in (50, 10, 9, 0, 5, 0, 60, 10)]

    assert told == [
        [],
        ["api.x.com, key k...cdef: the rate limit of tokens is nearly used up (left 10, in all 100)"],
        [],
        ["api.x.com, key k...cdef: the rate limit of tokens is used up (left 0, in all 100)"],
        [],
        [],
        [],
        ["api.x.com, key k...cdef: the rate limit of tokens is nearly used up (left 10, in all 100)"],
    ]


def test_windows_and_keys_are_apart() -> None:
    """Each window of each key is told for itself."""
    watch = LimitWatch()

    assert len(said(watch, requests={"remaining": 0}, tokens={"remaining": 0})) == 2
    assert said(watch, key=None, requests={"remaining": 0}) == [
        "api.x.com: the rate limit of requests is used up (left 0)"
    ]


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ({"utilization": 0.95}, "nearly used up"),
        ({"utilization": 1.2}, "is used up"),
        ({"used_percent": 91}, "nearly used up"),
        ({"remaining_percent": 4.5}, "nearly used up"),
        ({"remaining_percent": 0}, "is used up"),
        ({"status": "rejected"}, "is used up"),
        ({"remaining": 0, "reset_at": "later"}, "used up (left 0, resets at later)"),
        ({"remaining": 3}, None),
        ({"remaining": 3, "limit": 0}, None),
        ({"utilization": 0.2, "status": "allowed"}, None),
        ({"limit": 100}, None),
    ],
)
def test_ways_to_tell_what_is_left(window: dict[str, Any], told: str | None) -> None:
    """A share, a percentage or a word is as good as figures; without either nothing is known."""
    found = said(LimitWatch(), week=window)

    assert told in found[0] if told else not found


def test_too_many_requests() -> None:
    """A 429 whose headers name no window that is used up is told for itself, once until an answer is no 429."""
    watch = LimitWatch()
    told = [said(watch, status, retry_after_s=2.5) for status in (429, 429, None, 429, 200, 429)]

    assert told[0] == ["api.x.com, key k...cdef: too many requests (429), to come back in 2.5 s"]
    assert [len(texts) for texts in told] == [1, 0, 0, 0, 0, 1]
    assert said(watch, 429, key="other") == ["api.x.com, key other: too many requests (429)"]
    assert len(said(LimitWatch(), 429, tokens={"remaining": 0})) == 1


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window that was not heard of for longest is forgotten, and told again."""
    monkeypatch.setattr(limit_watch, "REMEMBERED", 2)
    watch = LimitWatch()

    assert [len(said(watch, key=key, requests={"remaining": 0})) for key in ("a", "b", "c", "b", "a")] == [
        1,
        1,
        1,
        0,
        1,
    ]

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.limits import headers as rate_limits
from llmobs.limits.headers import read, retry_after, retry_delay
from tests.corpus.recording import exchanges, har_files

AT = 1_760_000_000.0
# 21 Sep 2026 14:13:20
NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        pytest.param(
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "12",
                "x-ratelimit-reset-requests": "1m2s",
                "x-ratelimit-limit-tokens_usage_based": "9",
            },
            {
                "requests": {"limit": 500, "remaining": 12, "reset_at": "2025-10-09T08:54:22Z"},
                "tokens_usage_based": {"limit": 9},
            },
            id="openai",
        ),
        pytest.param(
            {"x-ratelimit-renewalperiod-tokens": "60", "x-ratelimit-reset-tokens": "7", "x-ratelimit-key": "gpt-5"},
            {"tokens": {"window_s": 60, "reset_at": "2025-10-09T08:53:27Z"}},
            id="azure",
        ),
        pytest.param(
            {
                "x-ratelimit-limit-req-10-second": "60",
                "x-ratelimit-tokens-query-cost": "5",
                "x-ratelimitbysize-limit-month": "9",
            },
            {"requests_10_second": {"limit": 60}, "tokens": {"cost": 5}, "size_month": {"limit": 9}},
            id="mistral",
        ),
        pytest.param(
            {
                "anthropic-ratelimit-input-tokens-limit": "400000",
                "anthropic-ratelimit-input-tokens-reset": "2025-01-14T22:01:32Z",
                "anthropic-ratelimit-unified-5h-utilization": "0.95",
                "anthropic-ratelimit-unified-7d_opus-status": "rejected",
                "anthropic-ratelimit-unified-status": "<script>",
                "anthropic-priority-input-tokens-remaining": "3",
            },
            {
                "input_tokens": {"limit": 400_000, "reset_at": "2025-01-14T22:01:32Z"},
                "unified_5h": {"utilization": 0.95},
                "unified_7d_opus": {"status": "rejected"},
                "priority_input_tokens": {"remaining": 3},
            },
            id="anthropic",
        ),
        pytest.param(
            {"ratelimit": '"api";r=499;t=120', "ratelimit-policy": '"fixed window";"api";q=500;w=300'},
            {"api": {"remaining": 499, "reset_at": "2025-10-09T08:55:20Z", "limit": 500, "window_s": 300}},
            id="huggingface",
        ),
        pytest.param(
            {"ratelimit": "limit=100, remaining=50, reset=30", "ratelimit-policy": "100;w=60"},
            {"requests": {"limit": 100, "remaining": 50, "reset_at": "2025-10-09T08:53:50Z", "window_s": 60}},
            id="ietf",
        ),
        pytest.param(
            {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1754667660000"},
            {"requests": {"limit": 1, "remaining": 0, "reset_at": "2025-08-08T15:41:00Z"}},
            id="openrouter",
        ),
        pytest.param(
            {"x-ratelimit-used": "3", "x-quota-snapshot-chat": "ent=300&ov=0&rem=97.2&rst=x&x=1"},
            {"requests": {"used": 3}, "quota_chat": {"limit": 300, "remaining_percent": 97.2}},
            id="copilot",
        ),
        pytest.param(
            {"x-codex-primary-used-percent": "95", "x-codex-primary-window-minutes": "300"},
            {"codex_primary": {"used_percent": 95, "window_s": 18_000}},
            id="codex",
        ),
        pytest.param({"x-codex-primary-window-minutes": "?"}, {}, id="nothing that is a number"),
        pytest.param(
            {"x-trial-endpoint-call-limit": "40", "current-concurrent-requests": "2", "x-tokenlimit-limit": "7"},
            {"trial_calls": {"limit": 40}, "concurrent_requests": {"used": 2}, "tokens": {"limit": 7}},
            id="others",
        ),
        pytest.param({"retry-after": "3", "retry-after-ms": "2500"}, {"retry_after_s": 2.5}, id="the exacter wait"),
        pytest.param({"retry-after": "soon"}, {}, id="no wait"),
    ],
)
def test_headers_of_providers(headers: dict[str, str], wanted: object) -> None:
    """What is told of each window, and no more, is one JSON object."""

    assert json.loads(msgspec.json.encode(read(headers, AT))) == wanted


def test_every_limit_of_the_recordings_is_read() -> None:
    """Each header that was recorded with a figure about limits tells something."""
    passed = ("x-ratelimit", "x-ratelimit-key", "x-ratelimit-abusepenalty-active")
    told = {
        (name, text)
        for har in har_files()
        for recorded in exchanges(har)
        for name, text in recorded.response_headers.items()
        if any(word in name for word in ("ratelimit", "retry-after", "quota")) and text != "REDACTED"
    }

    assert {name for name, text in told if not read({name: text}, AT)} <= set(passed)


@given(
    st.dictionaries(
        st.sampled_from(["ratelimit", "ratelimit-policy", "x-quota-snapshot-a", "x-ratelimit-reset", "retry-after"])
        | st.from_regex(r"x-ratelimit-(limit|reset)-[a-z-]{1,8}", fullmatch=True),
        st.text(max_size=60) | st.from_regex(r'"?[a-z]{0,4}"?(;[a-z]=[0-9]{1,20}){0,3}(, )?', fullmatch=True),
    )
)
def test_any_text(headers: dict[str, str]) -> None:
    """Whatever headers hold, what is read of it is JSON."""

    assert msgspec.json.encode(read(headers, AT))


def test_names_that_are_made_up_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many names are remembered; others are looked into each time."""
    monkeypatch.setattr(rate_limits, "_KNOWN_NAMES", 0)
    headers = {"x-ratelimit-limit-made-up": "1", "x-made-up": "1"}

    assert read(headers, AT) == read(headers, AT) == {"made_up": {"limit": 1}}
    assert "x-made-up" not in rate_limits._OTHERS


def test_google_tells_in_the_body() -> None:
    """A refusal with RetryInfo says how long to wait."""

    assert retry_delay(b'{"error":{"details":[{"retryDelay": "34.07s"}]}}') == 34.07
    assert retry_delay(b"{}") is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:30 GMT"}, 10.0),
        ({"retry-after": "Mon, 21 Sep 2020 14:13:30 GMT"}, 0.0),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "0"}, 0.0),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
    ],
    ids=str,
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds, seconds and dates are understood, the most exact first; what has passed is now."""
    assert retry_after(headers, NOW) == seconds

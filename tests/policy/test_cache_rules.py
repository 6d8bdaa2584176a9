"""The sections `cache` and `capture` of a policy file: defaults, values, mistakes."""

from pathlib import Path

import pytest

from llmobs.config import ConfigError
from llmobs.content import Mode
from llmobs.policy import load
from llmobs.policy.cache_schema import CacheRules
from llmobs.policy.capture_schema import CaptureRules
from tests.policy.test_load import written


def test_off_unless_asked(tmp_path: Path) -> None:
    """A file without the sections has neither."""
    policies = load(written(tmp_path, ""))

    assert (policies.cache, policies.capture) == (None, None)


def test_defaults(tmp_path: Path) -> None:
    """An empty section is on with its defaults; capture keeps nothing by itself."""
    policies = load(written(tmp_path, "cache: {}\ncapture: {}\n"))

    assert (policies.cache, policies.capture) == (CacheRules(), CaptureRules())
    assert CaptureRules().mode is Mode.NONE


def test_every_value(tmp_path: Path) -> None:
    """Every key is read."""
    text = """
cache: {ttl_s: 60, max_mb: 10, max_answer_mb: 1, where: {model: "gpt-*"}, by: [customer, "tag:team"]}
capture: {mode: redacted, sample: 0.1, keep_days: 30, max_kb: 64, where: {customer: acme}}
"""
    policies = load(written(tmp_path, text))

    cache, capture = policies.cache, policies.capture
    assert cache is not None
    assert capture is not None
    assert (cache.ttl_s, cache.max_mb, cache.max_answer_mb) == (60, 10, 1)
    assert (cache.where, cache.by) == ({"model": "gpt-*"}, ["customer", "tag:team"])
    assert (capture.mode, capture.sample, capture.keep_days, capture.max_kb) == (Mode.REDACTED, 0.1, 30, 64)
    assert capture.where == {"customer": "acme"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cache: {ttl: 5}", "cache.ttl: is not a known key; did you mean ttl_s?"),
        ("cache: {ttl_s: 0}", "cache.ttl_s: 0 is out of range; write a whole number from 1 to 2678400"),
        ("cache: {max_mb: 0.5}", "cache.max_mb: 0.5 is out of range; write a whole number from 1 to 65536"),
        ("cache: {max_mb: much}", "cache.max_mb: 'much' is not a number; write a plain decimal number such as 2.5"),
        ("cache: {by: [custmer]}", "cache.by[0]: 'custmer' is not known here; did you mean customer?"),
        ("cache: on", "cache: must be a mapping; write key: value pairs under it"),
        ("capture: {mode: redact}", "capture.mode: 'redact' is not known here; did you mean redacted?"),
        ("capture: {sample: 10}", "capture.sample: 10 is no part of a whole; write one above 0 and up to 1"),
        ("capture: {keep_days: -1}", "capture.keep_days: -1 is negative; write 1 or leave the key out"),
        ("capture: {max_kb: 5000}", "capture.max_kb: 5000 is out of range; write a whole number from 1 to 4096"),
        ("capture: {where: {modle: x}}", "capture.where.modle: 'modle' is not known here; did you mean model?"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    """Each mistake is told with its line, its key, and what to write."""
    path = written(tmp_path, f"# mine\n{text}\n")

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert str(caught.value).startswith(f"{path}:2: {said}")

"""Programs with sections, through the proxy: whose calls the rows say they are, and what the provider sees of it."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.testbed.run import Run
from tests.testbed.upstream import ROOT

pytestmark = pytest.mark.slow

RESEARCH, SEARCH, WRITE = "agent:research", "agent:research/tool:search", "agent:research/write"


def _start(run: Run, customer: str, streams: int = 0) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "addon"), str(ROOT)])}
    command = [sys.executable, "-m", "tests.e2e.sections_program", customer, run.id, str(streams)]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def _finish(process: subprocess.Popen[str]) -> None:
    errors = process.communicate(timeout=170)[1]
    assert process.returncode == 0, errors


def _assert_nothing_of_ours(entries: list[dict[str, Any]]) -> None:
    assert entries
    assert [entry for entry in entries if "llmobserve" in str(entry).lower()] == []


def test_two_programs_at_once(run: Run) -> None:
    """Each call of two customers' programs is a row of its customer and section; nobody outside is told of either."""
    mark = run.upstream.mark()
    programs = [_start(run, customer) for customer in ("acme", "globex")]
    for program in programs:
        _finish(program)
    found = run.rows(12)

    for customer in ("acme", "globex"):
        rows = [row for row in found if row["customer_id"] == customer]
        told = [(row["section"], row["host"]) for row in rows]
        assert sorted(told, key=str) == [
            (RESEARCH, "api.openai.com"),
            (SEARCH, "api.anthropic.com"),
            (SEARCH, "api.openai.com"),
            (WRITE, "api.openai.com"),
            (WRITE, "generativelanguage.googleapis.com"),
            (None, "api.openai.com"),
        ]
        assert len({row["trace_id"] for row in rows if row["section"]}) == 1
        spans = {row["section"]: row["span_id"] for row in rows}
        assert {row["parent_span_id"] for row in rows if row["section"] in (SEARCH, WRITE)} == {spans[RESEARCH]}
        tags = {row["section"]: json.loads(row["tags"]) for row in rows}
        assert tags == {
            None: {"team": "größe"},
            RESEARCH: {"team": "größe"},
            SEARCH: {"team": "größe", "engine": "b=2;c"},
            WRITE: {"team": "größe"},
        }
    entries = run.upstream.since(mark)
    assert [entry["host"] for entry in entries].count("example.org") == 2
    _assert_nothing_of_ours(entries)


def test_two_hundred_streams_at_once(run: Run) -> None:
    """Of two hundred streams at once, each for another customer and in another section, each row is right."""
    mark = run.upstream.mark()
    _finish(_start(run, "nobody", streams=200))
    found = run.rows(200)

    told = {(row["customer_id"], row["section"]) for row in found}
    assert told == {(f"customer-{number}", f"stream:{number}") for number in range(200)}
    assert len({row["span_id"] for row in found}) == 200
    assert {row["cost_status"] for row in found} == {"exact"}
    _assert_nothing_of_ours(run.upstream.since(mark))

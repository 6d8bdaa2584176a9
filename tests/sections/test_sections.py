"""Tests of what a user imports, and of what it needs."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from llmobs import sections
from llmobs.sections import scope
from tests.sections.observing import Server

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "addon" / "llmobs" / "sections").glob("*.py"))

PROGRAM = """
import sys
{before}
from llmobs.sections import headers, observe, section, set_customer_id, set_tags
observe()
@section("tool")
def search():
    return {call}
with section("agent", run_id="nightly"):
    set_customer_id("acme")
    set_tags(feature="search")
    search()
    sent = headers()
print(sent.get("X-LLMObserve-Section"), sent.get("X-LLMObserve-Customer-ID"), sent.get("X-LLMObserve-Tags"))
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & {heavy}))
"""
# rich is not among them: httpx itself imports it, for its command line.
HEAVY = {"mitmproxy", "duckdb", "pydantic", "yaml"}


def program(*, before: str = "", call: str = "None") -> tuple[str, str]:
    """What a program prints, and what it writes to its error output."""
    text = PROGRAM.format(before=before, call=call, heavy=HEAVY)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "addon")}
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_each_setting_has_its_header() -> None:
    """All that can be set is told under the names that the proxy knows."""
    sections.set_customer_id("acme")
    sections.set_run_id("nightly")
    sections.set_tags({"plan": "pro"}, feature="search")
    sections.set_tags(plan=None)
    sections.set_experiment("prompt-length", "short")
    sections.set_prompt_version("3")
    sections.set_feature_version("1.2")
    with sections.section("a"):
        outer = sections.headers()
        with sections.section("b"):
            told = sections.headers()

    assert told.pop("X-LLMObserve-Timestamp") >= outer["X-LLMObserve-Timestamp"]
    assert told.pop("X-LLMObserve-Span-ID") != outer["X-LLMObserve-Span-ID"]
    assert told == {
        "X-LLMObserve-Customer-ID": "acme",
        "X-LLMObserve-Run-ID": "nightly",
        "X-LLMObserve-Section": "a/b",
        "X-LLMObserve-Parent-Span-ID": outer["X-LLMObserve-Span-ID"],
        "X-LLMObserve-Trace-ID": outer["X-LLMObserve-Trace-ID"],
        "X-LLMObserve-Feature-Version": "1.2",
        "X-LLMObserve-Prompt-Version": "3",
        "X-LLMObserve-Experiment-ID": "prompt-length",
        "X-LLMObserve-Variant-ID": "short",
        "X-LLMObserve-Tags": "feature=search",
    }


def test_observe_sets_for_the_whole_program(observed: None) -> None:
    """What is given to `observe` holds in every thread; what is set later goes before it."""
    sections.observe(run_id="nightly", tags={"a": "b"})
    sections.observe(customer_id="acme")
    with sections.section("a", customer_id="other"):
        assert (scope.held()["customer_id"], scope.held()["tag.a"]) == ("other", "b")

    assert scope.held() == {"run_id": "nightly", "customer_id": "acme", "tag.a": "b"}


def test_public_names() -> None:
    """What is exported is what there is to call."""
    assert all(callable(getattr(sections, name)) for name in sections.__all__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_old_pythons_can_read_it(path: Path) -> None:
    """Programs of users are older than the proxy: each file is Python 3.9."""
    ast.parse(path.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11"])
def test_old_pythons_can_run_it(version: str) -> None:
    """An old Python without any package runs a program with sections."""
    text = PROGRAM.format(before="", call="None", heavy=HEAVY)
    command = [f"python{version}", "-S", "-c", text]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "addon")}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip(f"there is no python{version}")
    if b"pyenv" in done.stderr:
        pytest.skip(f"python{version} is not in use here")

    assert (done.stdout.decode(), done.stderr) == ("agent acme feature=search\n\n", b"")


def test_it_needs_nothing_of_the_proxy() -> None:
    """A program that observes imports neither the proxy nor the database, and no library of theirs."""
    assert program() == ("agent acme feature=search\n\n", "")


def test_without_opentelemetry() -> None:
    """Where OpenTelemetry is not installed everything is there but does not go into requests, which is said once."""
    out, errors = program(before="sys.modules['opentelemetry'] = None")

    assert out == "agent acme feature=search\n\n"
    assert errors.count("pip install opentelemetry-instrumentation-aiohttp-client") == 1
    assert len(errors.splitlines()) == 1


def test_an_opentelemetry_that_raises(server: Server) -> None:
    """An OpenTelemetry that raises whatever is asked of it costs the program nothing."""
    broken = """
from opentelemetry import context, trace, propagate
def broken(*args, **kwargs):
    raise RuntimeError("broken")
for module, names in ((context, "attach get_value set_value get_current"), (trace, "get_tracer get_current_span"),
                      (propagate, "get_global_textmap set_global_textmap")):
    for name in names.split():
        setattr(module, name, broken)
"""
    out, errors = program(before=broken, call=f"__import__('urllib.request').request.urlopen('{server.url}')")

    assert (out, errors) == ("None None None\n\n", "")
    assert len(server.headers) == 1


def test_an_opentelemetry_that_cannot_be_imported() -> None:
    """One that raises at its import is as good as none."""
    before = """
import importlib.abc
class Broken(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.startswith("opentelemetry"):
            raise RuntimeError(name)
sys.meta_path.insert(0, Broken())
"""
    assert program(before=before)[0] == "agent acme feature=search\n\n"


def test_an_injection_that_fails_sends_the_request_all_the_same(server: Server) -> None:
    """Where the members can't be written the request goes out without them."""
    before = """
import httpx
from llmobs.sections import clients
def broken(*args, **kwargs):
    raise RuntimeError("broken")
clients.baggage = clients.hostname = broken
"""
    out, errors = program(before=before, call=f"httpx.post('{server.url}').raise_for_status()")

    assert (out, errors) == ("agent acme feature=search\n\n", "")
    assert server.told == [{}]

"""Show LLMObserve at work without a key and without a network: real SDKs, a real proxy, simulated providers.

It does not know prices or formats; the testbed plays the providers and the report says what came of it.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

ROOT = Path(__file__).resolve().parents[1]
# The testbed is shared with the tests and is no part of what gets installed.
sys.path.insert(0, str(ROOT))

from tests.testbed.proxy import Proxy  # noqa: E402
from tests.testbed.rows import query  # noqa: E402
from tests.testbed.scenario import Counts, Scenario  # noqa: E402
from tests.testbed.upstream import Upstream  # noqa: E402

KEY = "sk-demo-no-such-key-0000"
# Rows follow a call within two seconds; much longer means that something is wrong.
PATIENCE_SECONDS = 20
# The folder that the last line proposes; git passes it over.
KEPT = "build/demo"

QUESTION = "How many roads must a man walk down?"
MESSAGES: Any = [{"role": "user", "content": QUESTION}]


class Programs:
    """The programs of one customer; nothing in them knows of a proxy, their environment names it."""

    def __init__(self, customer: str) -> None:
        self._customer = customer

    def _headers(self, scenario: Scenario) -> dict[str, str]:
        return {"X-LLMObserve-Customer-ID": self._customer, **scenario.header()}

    def _options(self, scenario: Scenario, retries: int = 0) -> dict[str, Any]:
        return {"api_key": KEY, "default_headers": self._headers(scenario), "max_retries": retries}

    def chat(self, model: str, scenario: Scenario, retries: int = 0) -> None:
        """One plain OpenAI chat completion."""
        client = openai.OpenAI(**self._options(scenario, retries))
        client.chat.completions.create(model=model, messages=MESSAGES)

    def chat_stream(self, model: str, scenario: Scenario, *, leave: bool = False) -> None:
        """One OpenAI chat stream that does not ask for usage; `leave` walks out after two chunks."""
        client = openai.OpenAI(**self._options(scenario))
        with client.chat.completions.create(model=model, messages=MESSAGES, stream=True) as stream:
            for number, _ in enumerate(stream):
                if leave and number:
                    return

    def responses_stream(self, model: str, scenario: Scenario) -> None:
        """One stream of the OpenAI Responses API."""
        for _ in openai.OpenAI(**self._options(scenario)).responses.create(model=model, input=QUESTION, stream=True):
            pass

    def embeddings(self, model: str, scenario: Scenario) -> None:
        """One OpenAI embedding."""
        openai.OpenAI(**self._options(scenario)).embeddings.create(model=model, input=QUESTION)

    def message(self, model: str, scenario: Scenario) -> None:
        """One plain Anthropic message."""
        client = anthropic.Anthropic(**self._options(scenario))
        client.messages.create(model=model, max_tokens=500, messages=MESSAGES)

    def message_stream(self, model: str, scenario: Scenario) -> None:
        """One Anthropic stream."""
        client = anthropic.Anthropic(**self._options(scenario))
        with client.messages.stream(model=model, max_tokens=500, messages=MESSAGES) as stream:
            stream.get_final_message()

    def _gemini(self, scenario: Scenario) -> genai.Client:
        return genai.Client(api_key=KEY, http_options=types.HttpOptions(headers=self._headers(scenario)))

    def gemini(self, model: str, scenario: Scenario) -> None:
        """One plain Gemini answer."""
        client = self._gemini(scenario)
        client.models.generate_content(model=model, contents=QUESTION)

    def gemini_stream(self, model: str, scenario: Scenario) -> None:
        """One Gemini stream."""
        client = self._gemini(scenario)
        for _ in client.models.generate_content_stream(model=model, contents=QUESTION):
            pass


type Call = tuple[str, Callable[[], None]]


def _refused(call: Callable[[], None]) -> Callable[[], None]:
    """A call whose refusal is the point."""

    def attempt() -> None:
        try:
            call()
        except openai.RateLimitError:
            return

    return attempt


def calls(acme: Programs, globex: Programs) -> list[Call]:
    """Everything the demo sends; with one retry, that is one row more than there are lines."""
    long = Scenario(counts=Counts(input=24_000, cached=18_000, output=900, reasoning=400))
    cached = Scenario(counts=Counts(input=50_000, cached=40_000, written=8_000, written_1h=1_000, output=1_200))
    plain = Scenario()
    return [
        ("openai, chat", lambda: acme.chat("gpt-5-mini", long)),
        ("openai, chat stream that does not ask for usage", lambda: acme.chat_stream("gpt-5-mini", long)),
        ("openai, responses stream", lambda: globex.responses_stream("gpt-5-mini", long)),
        ("openai, embeddings", lambda: globex.embeddings("text-embedding-3-small", plain)),
        ("anthropic, message with cache reads and writes", lambda: acme.message("claude-sonnet-5", cached)),
        ("anthropic, stream", lambda: globex.message_stream("claude-haiku-4-5", cached)),
        ("google-genai, answer with thoughts", lambda: acme.gemini("gemini-2.5-flash", long)),
        ("google-genai, stream", lambda: globex.gemini_stream("gemini-2.5-flash", long)),
        ("openai, refused twice (429, one retry)", _refused(lambda: acme.chat("gpt-5-mini", Scenario(status=429), 1))),
        ("openai, stream that the client leaves", lambda: globex.chat_stream("gpt-5-mini", slow(), leave=True)),
        ("openai, answer without usage", lambda: globex.chat("gpt-5-mini", Scenario(usage=False))),
        ("openai, a model without a price", lambda: acme.chat("demo-model-from-next-year", long)),
    ]


def slow() -> Scenario:
    """A stream that lasts long enough to be left."""
    return Scenario(words=("word ",) * 50, pause_ms=50)


def send(todo: Iterable[Call]) -> None:
    """Make the calls one after the other, saying which."""
    for label, call in todo:
        started = time.perf_counter()
        call()
        print(f"  {label:<50} {1000 * (time.perf_counter() - started):5.0f} ms", flush=True)


@contextlib.contextmanager
def exported(variables: dict[str, str]) -> Iterator[None]:
    """Set what `make run` says to export, for the duration."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def wait_for_rows(db: Path, count: int) -> int:
    """How many rows there are, at the latest when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = int(query(db, "select count(*) as n from events")[0]["n"])
        if found >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def report(db: Path) -> int:
    """Print the report, as `make report` does."""
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "report.py"), "--db", str(db)], check=False
    ).returncode


def look(folder: Path) -> str:
    """The command that shows the costs of a demo in a folder."""
    return f"`make report DB={folder / 'proxy' / 'events.duckdb'}`"


def run(folder: Path) -> int:
    """The whole demo inside one folder."""
    print("Starting simulated providers and the proxy on free local ports ...", flush=True)
    with Upstream(folder) as upstream, Proxy(folder / "proxy", upstream, pricing=None) as proxy:
        todo = calls(Programs("acme"), Programs("globex"))
        print(f"Sending {len(todo)} calls with real SDKs through {proxy.url}", flush=True)
        with exported(proxy.environment()):
            send(todo)
        attempts = len(todo) + 1
        found = wait_for_rows(proxy.db, attempts)
        print(f"{found} rows for {attempts} attempts (a retry is an attempt of its own).\n", flush=True)
        shown = report(proxy.db)
    return shown or int(found != attempts)


def main(argv: list[str] | None = None) -> int:
    """Run the demo in a folder that is gone afterwards, or in one to look at."""
    parser = argparse.ArgumentParser(description="Send simulated traffic through the proxy and print the report.")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave database, log and certificates there")
    keep = parser.parse_args(argv).keep
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        status = run(keep)
        print(f"\nThe database stays: {look(keep)}")
        return status
    with tempfile.TemporaryDirectory(prefix="llmobserve-demo-") as folder:
        status = run(Path(folder))
    print(f'\nThis database is deleted now; `make demo ARGS="--keep {KEPT}"` keeps it, for {look(Path(KEPT))}')
    return status


if __name__ == "__main__":
    sys.exit(main())

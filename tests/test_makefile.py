"""Tests of the Makefile: what it would run, and what it says about itself."""

import os
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

from mitmproxy.proxy.mode_specs import ProxyMode

ROOT = Path(__file__).parents[1]


def make(*arguments: str) -> str:
    """What make prints, whichever variables and flags a make around these tests was given."""
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def modes(*arguments: str) -> list[str]:
    """The modes that `make run` would start the proxy in, each of them one that mitmproxy takes."""
    words = shlex.split(make("--dry-run", "run", *arguments).splitlines()[-1])
    found = [value for name, value in pairwise(words) if name == "--mode"]
    return [ProxyMode.parse(mode).full_spec for mode in found]


def test_help_lists_every_target() -> None:
    """`make help`, which is also plain `make`, names each target with what it does."""

    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert phony is not None
    assert [line.split()[1] for line in make().splitlines()] == phony[1].split()
    assert all(len(line.split()) > 2 for line in make("help").splitlines())


def test_run_listens_on_loopback_only() -> None:
    """The proxy is not open to the network unless the user says so."""

    assert "--listen-host 127.0.0.1 " in make("--dry-run", "run")
    assert modes() == ["regular@8080"]


def test_run_opens_other_ways_in() -> None:
    """Reverse listeners and local capture come beside the regular proxy, which a company proxy replaces."""

    both = modes("REVERSE=https://api.openai.com@8081 https://api.anthropic.com@8082", "PORT=9000")

    assert both == [
        "regular@9000",
        "reverse:https://api.openai.com@8081",
        "reverse:https://api.anthropic.com@8082",
    ]
    assert modes("MODE=local") == ["regular@8080", "local"]
    assert modes("UPSTREAM=http://proxy.example.com:3128") == ["upstream:http://proxy.example.com:3128@8080"]


def test_run_starts_workers() -> None:
    """One is mitmdump itself; more of them get the same arguments from the program that keeps them."""

    one, four = (make("--dry-run", "run", *more).splitlines()[-1] for more in ([], ["WORKERS=4"]))

    assert one.startswith("exec .venv/bin/mitmdump -s addon/llmobserve.py ")
    assert four == one.replace("bin/mitmdump", "bin/python scripts/workers.py --workers '4' --")


def test_a_reverse_listener_needs_a_port() -> None:
    """Without a port of its own it would take the proxy's; make says so before it does anything."""

    words = ["make", "--dry-run", "run", "REVERSE=https://api.openai.com@8081 https://api.anthropic.com"]
    done = subprocess.run(
        words, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )

    said = "REVERSE: https://api.anthropic.com names no port to listen on; write for example https://api.anthropic.com@8081"
    assert done.returncode != 0
    assert done.stdout == ""
    assert said in done.stderr


def test_run_makes_a_ca_where_there_is_none() -> None:
    """A new set-up gets one that can sign for providers only, in the folder that mitmdump uses; `classic` leaves it."""

    lines = make("--dry-run", "run", "CONFDIR=/my conf", "PRICING=mine.yaml").splitlines()

    assert "confdir=/my conf" in shlex.split(lines[-1])
    words = shlex.split(lines[-2])
    assert words[words.index("-e") + 1] == "/my conf/mitmproxy-ca.pem"
    assert words[words.index("--confdir") :] == ["--confdir", "/my conf", "--pricing", "mine.yaml"]
    assert shlex.split(make("--dry-run", "run", "CA=classic").splitlines()[-2])[:4] == [
        "test",
        "classic",
        "=",
        "classic",
    ]
    assert shlex.split(make("--dry-run", "ca", "ARGS=--force").splitlines()[-1])[-1] == "--force"


def test_run_passes_names_with_spaces() -> None:
    """A database, price file or policy file may have a space in its name."""
    named = ("DB=my spend.duckdb", "PRICING=my prices.yaml", "POLICY=my policy.yaml")

    words = shlex.split(make("--dry-run", "run", *named).splitlines()[-1])

    assert {"llmobserve_db=my spend.duckdb", "llmobserve_pricing=my prices.yaml"} < {*words}
    assert "llmobserve_policy=my policy.yaml" in words

"""Tests of scripts/doctor.py: each thing that can be wrong, and real runtimes through a real proxy."""

import json
import os
import socket
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from llmobs import authority, presence, store
from llmobs.presence import Presence
from llmobs.spool import Kind
from llmobs.spool.segment import line_of
from scripts import doctor, run
from scripts.doctor_parts import house, runtimes, variables
from scripts.doctor_parts.finding import Finding, Verdict
from scripts.doctor_parts.probes import ABSENT, PROBES, Probe
from scripts.run_parts import proxies
from tests.testbed.proxy import Proxy
from tests.testbed.rows import query
from tests.testbed.upstream import Upstream

NOW = datetime.now(UTC)
HOSTS = ["api.anthropic.com", "api.groq.com", "api.openai.com", "localhost:11434", "*.openai.azure.com"]


def verdicts(findings: Iterator[Finding]) -> list[str]:
    """What was found, in short."""
    return [f"{each.subject} {each.verdict.value}" for each in findings]


# Variables.


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, ["wrong: is not set"]),
        ({"HTTPS_PROXY": "http://127.0.0.1:8080"}, ["ok: leads to port 8080"]),
        ({"https_proxy": "localhost:8080"}, ["ok: leads to port 8080"]),
        ({"HTTPS_PROXY": "http://run%3Dx:x@127.0.0.1:8080"}, ["ok: leads to port 8080"]),
        ({"HTTPS_PROXY": "http://run%3Dx@127.0.0.1:8080"}, ["note: has a user name without a password"]),
        ({"HTTPS_PROXY": "http://127.0.0.1:9999"}, ["wrong: leads to 127.0.0.1:9999, not to port 8080 here"]),
        ({"HTTPS_PROXY": "http://proxy.example:8080"}, ["wrong: leads to proxy.example:8080, not to port 8080 here"]),
        ({"HTTPS_PROXY": "https://127.0.0.1:8080"}, ["wrong: begins with https://"]),
        ({"HTTPS_PROXY": "http://127.0.0.1:nonsense"}, ["wrong: is no address"]),
        (
            {"HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:8080"},
            ["wrong: differs from https_proxy; curl and Python read the small one", "ok: leads to port 8080"],
        ),
    ],
)
def test_where_https_proxy_leads(environment: dict[str, str], found: list[str]) -> None:
    """Both spellings, the port, the scheme and a user name that some clients drop."""

    assert [f"{each.verdict.value}: {each.found}" for each in variables.proxy(environment, 8080)] == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("localhost, 127.0.0.1", "covers no provider"),
        ("api.openai.com", "leads past the proxy: api.openai.com"),
        (".openai.com", "leads past the proxy: api.openai.com"),
        ("*.anthropic.com", "leads past the proxy: api.anthropic.com"),
        ("com", "leads past the proxy: api.anthropic.com, api.groq.com, api.openai.com and 1 more"),
        ("*", "leads past the proxy: api.anthropic.com, api.groq.com, api.openai.com and 1 more"),
        ("penai.com", "covers no provider"),
    ],
)
def test_what_no_proxy_covers(value: str, found: str) -> None:
    """A name covers all below it; providers of this machine are meant to be covered."""

    assert [each.found for each in variables.no_proxy({"NO_PROXY": value}, HOSTS)] == [found]


def test_whether_the_ca_is_trusted(tmp_path: Path) -> None:
    """A file that is not there, one of before, one that trusts nobody else, and a good one."""

    ca = authority.make(tmp_path / "new", ["api.openai.com"]).path
    old = authority.make(tmp_path / "old", ["api.openai.com"]).path
    both = tmp_path / "both.pem"
    both.write_text(ca.read_text() + old.read_text())
    environment = {
        "SSL_CERT_FILE": str(both),
        "REQUESTS_CA_BUNDLE": str(tmp_path / "gone.pem"),
        "AWS_CA_BUNDLE": str(old),
        "CURL_CA_BUNDLE": str(ca),
        "NODE_EXTRA_CA_CERTS": str(ca),
        "SSL_CERT_DIR": "/certs",
    }

    assert verdicts(variables.trust(environment, ca, both)) == [
        "SSL_CERT_FILE ok",
        "REQUESTS_CA_BUNDLE wrong",
        "AWS_CA_BUNDLE wrong",
        "CURL_CA_BUNDLE note",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH note",
        "NODE_EXTRA_CA_CERTS ok",
        "SSL_CERT_DIR note",
    ]


# The house.


def listener(port: int, pid: int = os.getpid()) -> Presence:
    """A proxy, as its file tells it."""
    return Presence(pid, "127.0.0.1", port, "regular", "/e.duckdb")


def test_workers_that_share_a_port_are_one_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of them answers, the proxy is found, and told with their number."""

    for pid in (os.getppid(), os.getpid()):
        presence.announce(tmp_path, listener(8080, pid))
    for pid in (os.getppid(), os.getpid()):
        monkeypatch.setattr(house, "ask", lambda host, port, pid=pid: {"pid": pid})
        monkeypatch.setattr(proxies, "ask", lambda host, port, pid=pid: {"pid": pid})
        found, findings = house.proxy(tmp_path, 8080)

        assert found == proxies.find(tmp_path, 8080) == listener(8080, pid)
        assert next(findings).found == "2 workers listen on 127.0.0.1:8080 (regular) and write /e.duckdb"


def test_a_proxy_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with its database, and so are hosts whose certificate clients refused."""

    presence.announce(tmp_path, listener(8080))
    answer = {"pid": os.getpid(), "refused": ["a.example", "b.example", "c.example", "d.example"]}
    monkeypatch.setattr(house, "ask", lambda host, port: answer)
    found, findings = house.proxy(tmp_path, 8080)
    told = list(findings)

    assert found == listener(8080)
    assert "writes /e.duckdb" in told[0].found
    assert told[1].found.endswith("for a.example, b.example, c.example")
    answer["refused"] = []
    assert verdicts(house.proxy(tmp_path, 8080)[1]) == ["proxy ok"]
    answer["pid"] = -1
    found, findings = house.proxy(tmp_path, 8080)
    assert found is None
    assert [each.found for each in findings] == ["port 8080 is a proxy of another folder or user"]


@pytest.mark.parametrize(
    ("proxy", "tried", "found"),
    [
        ("", "http://127.0.0.1:8080", "it wants a password"),
        ("http://127.0.0.1:9999", "http://127.0.0.1:8080", "it wants a password"),
        ("ann:b%40d@127.0.0.1:8080", "http://ann:b%40d@127.0.0.1:8080", "it refuses the name and password in"),
    ],
)
def test_a_proxy_that_wants_a_password(monkeypatch: pytest.MonkeyPatch, proxy: str, tried: str, found: str) -> None:
    """It is tried as the user that HTTPS_PROXY names, and what to export is told where he is not let in."""

    asked: list[str] = []

    def refuse(url: str) -> bool:
        asked.append(url)
        return False

    monkeypatch.setattr(house, "lets_in", refuse)
    [told] = house.password(listener(8080), {"HTTPS_PROXY": proxy})

    assert asked == [tried]
    assert told.found.startswith(found)
    assert told.fix == "export HTTPS_PROXY=http://NAME:PASSWORD@127.0.0.1:8080"


def test_a_port_that_is_taken_or_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has it, or nobody; a proxy at another port is pointed to."""

    monkeypatch.setattr(proxies, "_ASK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = list(house.proxy(tmp_path, port)[1])
    presence.announce(tmp_path, listener(9999))
    [empty] = house.proxy(tmp_path, port)[1]

    assert f"port {port} is taken by something else" in taken[0].found
    assert empty.found == f"nothing listens on port {port}"
    assert empty.fix.endswith("; one runs at port 9999: --port 9999")


def test_what_can_be_wrong_with_the_ca(tmp_path: Path) -> None:
    """Missing, broken, old, open to others, or unable to sign for a provider."""

    assert verdicts(house.certificate(tmp_path, HOSTS, NOW)) == ["CA wrong"]
    (tmp_path / authority.PUBLIC).write_text("nonsense")
    assert verdicts(house.certificate(tmp_path, HOSTS, NOW)) == ["CA wrong"]
    authority.make(tmp_path, HOSTS)
    assert verdicts(house.certificate(tmp_path, HOSTS, NOW)) == ["CA ok"]
    (tmp_path / authority.SECRET).chmod(0o644)
    told = list(house.certificate(tmp_path, [*HOSTS, "new.example"], NOW + timedelta(days=3640)))
    assert [each.found.partition(" on ")[0] for each in told[:3]] == [
        "ends",
        "can't sign for new.example and so on: 1 in all",
        "its key can be read by other users",
    ]
    (tmp_path / authority.SECRET).unlink()
    assert verdicts(house.certificate(tmp_path, HOSTS, NOW)) == ["CA ok"]


def test_a_ca_that_may_sign_for_anybody(tmp_path: Path) -> None:
    """mitmproxy's own is fine as it is."""

    found = authority.Authority(tmp_path, None, NOW + timedelta(days=99), "")
    assert found.uncovered(HOSTS) == []


def test_what_can_be_wrong_with_the_database(tmp_path: Path) -> None:
    """Not there, not ours, behind with its calls, ahead of the clock."""

    db = tmp_path / "e.duckdb"
    assert verdicts(house.database(db, NOW)) == ["database wrong"]
    with store.writing(db):
        pass
    assert verdicts(house.database(db, NOW)) == ["database ok"]
    spool = tmp_path / "e.duckdb.spool"
    spool.mkdir()
    event = b'{"event_id":"a","started_at":"2999-01-01T00:00:00","host":"h","path":"/","method":"POST","provider":"p"}'
    (spool / "lines").write_bytes(event + b"\n")
    with store.writing(db) as writing:
        writing.load_lines(spool / "lines", 1, {})
    (spool / "1-1.1.jsonl").write_bytes(line_of(Kind.EVENT, b'{"event_id":"a"}') * 60)
    (spool / "rejected.jsonl").write_text("")
    assert verdicts(house.database(db, NOW)) == ["database ok", "spool wrong", "spool note", "clock wrong"]
    other = tmp_path / "other.duckdb"
    other.write_text("no database")
    [told] = house.database(other, NOW)
    assert "is no DuckDB database" in told.found


# Runtimes.


def program(folder: Path, script: str, name: str = "runtime") -> dict[str, str]:
    """A runtime that is a shell script; the version is 1.2."""
    path = folder / name
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo {name} v1.2 && exit\n{script}\n')
    path.chmod(stat.S_IRWXU)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


RUNTIME = Probe("Runtime", "runtime", (), "THE_VARIABLE")


@pytest.mark.parametrize(
    ("script", "verdict", "found", "fix"),
    [
        ("""echo '{"seen": true}'""", "ok", "is seen", ""),
        ("echo certificate verify failed >&2; exit 1", "wrong", "does not trust", "set THE_VARIABLE"),
        ("echo Could not resolve host >&2; exit 1", "wrong", "goes past the proxy", "set HTTPS_PROXY"),
        ("echo tunnel failed, response 407 >&2; exit 1", "wrong", "the proxy wants a password", "export HTTPS_PROXY"),
        ("echo Connection refused >&2; exit 1", "wrong", "can't reach the proxy", "start it"),
        ("printf 'first\\nlast\\n\\n' >&2; exit 1", "wrong", "failed: last", "see what it says"),
        ("exit 1", "wrong", "failed: it said nothing", "see what it says"),
    ],
)
def test_what_a_runtime_says(tmp_path: Path, script: str, verdict: str, found: str, fix: str) -> None:
    """Its words tell whether it came through, went past, or did not trust."""

    result = runtimes.examine(RUNTIME, program(tmp_path, script))

    assert result is not None
    assert (result.subject, result.verdict.value) == ("Runtime (v1.2)", verdict)
    assert result.found.startswith(found)
    assert result.fix.startswith(fix)


def test_curl_with_a_folder_of_authorities(tmp_path: Path) -> None:
    """SSL_CERT_DIR is named where it may be the cause."""

    environment = program(tmp_path, "echo certificate verify failed >&2; exit 60", "curl") | {"SSL_CERT_DIR": "/certs"}
    result = runtimes.examine(PROBES[0], environment)

    assert result is not None
    assert result.fix == "unset SSL_CERT_DIR, and set CURL_CA_BUNDLE or SSL_CERT_FILE"


@pytest.mark.parametrize(
    ("variables", "only", "verdicts"),
    [
        ({}, (), ["Runtime wrong", "Node note", "Java note"]),
        ({"NODE_OPTIONS": "--import x"}, (), ["Runtime wrong", "Node wrong", "Java note"]),
        ({"JAVA_TOOL_OPTIONS": "-Dx=y"}, (), ["Runtime wrong", "Node note", "Java wrong"]),
        ({}, ("node", "java"), ["Node wrong", "Java wrong"]),
    ],
)
def test_what_is_merely_installed(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], only: tuple[str, ...], verdicts: list[str]
) -> None:
    """Node and Java are no fault of anybody who does not use them."""

    monkeypatch.setattr(runtimes, "PROBES", [RUNTIME, *(each for each in PROBES if each.program in ("node", "java"))])
    monkeypatch.setattr(runtimes, "examine", lambda probe, _: Finding(probe.name, Verdict.WRONG, "fails", "mend"))
    found = runtimes.all_of(variables, only=only)

    assert [f"{each.subject} {each.verdict.value}" for each in found] == verdicts


def test_only_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no runtime has is told."""

    assert doctor._options(["--only", "python, node"]).only == ("python", "node")
    with pytest.raises(SystemExit):
        doctor._options(["--only", "ruby"])
    assert "there is no ruby; write some of curl,python,node,go,java" in capsys.readouterr().err


def test_a_source_that_has_to_be_a_file(tmp_path: Path) -> None:
    """Some runtimes take no program on the command line."""

    probe = Probe("Runtime", "runtime", (), "THE_VARIABLE", '{"seen": true}', ".txt")
    result = runtimes.examine(probe, program(tmp_path, 'cat "$1"'))

    assert result is not None
    assert result.found == "is seen"


def test_a_runtime_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program or no library is no finding; one that hangs is one."""

    assert runtimes.examine(RUNTIME, {"PATH": "/nowhere"}) is None
    assert runtimes.examine(RUNTIME, program(tmp_path, f"exit {ABSENT}")) is None
    monkeypatch.setattr(runtimes, "_SECONDS", 0.2)
    result = runtimes.examine(RUNTIME, program(tmp_path, "exec sleep 9"))
    assert result is not None
    assert result.found == "failed: TimeoutExpired"


@pytest.mark.parametrize(
    ("version", "base", "verdict", "found"),
    [
        ("v20.20.2", "", "wrong", "knows no proxy variable"),
        ("v22.20.0", "", "wrong", "knows no proxy variable"),
        ("nonsense", "", "wrong", "knows no proxy variable"),
        ("v20.20.2", "http://127.0.0.1:8081/v1", "note", "knows no proxy variable"),
        ("v22.21.0", "", "wrong", "goes past the proxy"),
        ("v24.5.0", "", "wrong", "goes past the proxy"),
        ("v25.0.0", "", "wrong", "goes past the proxy"),
    ],
)
def test_node_by_its_version(tmp_path: Path, version: str, base: str, verdict: str, found: str) -> None:
    """Before some version no variable helps, only a base URL; after it, its own variable does."""

    script = f'case "$1" in --version) echo {version};; *) echo ENOTFOUND >&2; exit 1;; esac'
    environment = program(tmp_path, "", "node") | {"OPENAI_BASE_URL": base}
    (tmp_path / "node").write_text(f"#!/bin/sh\n{script}\n")
    node = next(each for each in PROBES if each.program == "node")
    result = runtimes.examine(node, environment)

    assert result is not None
    assert (result.verdict.value, result.found) == (verdict, found)


# All of it.


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy with a constrained CA."""
    folder = tmp_path_factory.mktemp("house")
    with Upstream(folder) as upstream:
        authority.make(folder / "proxy", doctor._hosts(None))
        with Proxy(folder / "proxy", upstream) as running:
            query(running.db, "select 1")
            while not proxies.find(running.folder, running.ports[0]):
                pass
            yield running


def test_real_runtimes_are_seen_with_what_run_sets(proxy: Proxy, capfd: pytest.CaptureFixture[str]) -> None:
    """Under scripts/run.py every runtime comes through, Node apart where it knows no proxy; no row is made."""

    where = ["--confdir", str(proxy.folder), "--port", str(proxy.ports[0])]
    script = str(Path(doctor.__file__))
    before = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    before["PYTHONPATH"] = str(Path(doctor.__file__).parents[1] / "addon")
    command = [sys.executable, script, *where, "--python", sys.executable, "--json"]
    status = run.main([*where, "--quiet", "--", *command], before)
    told: list[dict[str, Any]] = json.loads(capfd.readouterr().out)
    wrong = [each for each in told if each["verdict"] == "wrong"]

    assert [each for each in wrong if not each["subject"].startswith("Node")] == []
    assert status == int(bool(wrong))
    assert sum(each["found"].startswith("is seen") for each in told) >= 7
    assert query(proxy.db, "select * from events") == []


def test_a_bare_terminal(proxy: Proxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is set, each thing is named with what to do."""

    monkeypatch.setattr(runtimes, "PROBES", PROBES[:1])
    arguments = ["--confdir", str(proxy.folder), "--port", str(proxy.ports[0])]
    status = doctor.main(arguments, {"PATH": os.environ["PATH"]})
    said = capsys.readouterr().out

    assert status == 1
    assert f"-> export HTTPS_PROXY=http://127.0.0.1:{proxy.ports[0]}" in said
    assert "goes past the proxy" in said
    assert "to mend, from the top" in said


def test_no_proxy_and_wrong_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a proxy no runtime is tried; a mistake in a price file is told."""

    for shape in ([], ["--json"]):
        assert doctor.main(["--confdir", str(tmp_path), "--port", "1", *shape], {}) == 1
        assert "nothing listens on port 1" in capsys.readouterr().out
    own = tmp_path / "own.yaml"
    own.write_text("providers: 7\n")
    assert doctor.main(["--pricing", str(own)], {}) == 1
    assert "own.yaml:1" in capsys.readouterr().err


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Then it says so."""

    doctor._show([Finding("proxy", Verdict.FINE, "runs")])

    said = capsys.readouterr().out
    assert "Nothing is wrong here." in said
    assert not [line for line in said.splitlines() if line.endswith(" ")]


def test_what_is_not_installed_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime that is not there has no line."""
    monkeypatch.setattr(runtimes, "PROBES", [Probe("Runtime", "no-such-program", (), "THE_VARIABLE")])

    assert list(runtimes.all_of({"PATH": ""})) == []

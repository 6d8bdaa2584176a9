"""Tests of scripts/run.py: real commands through real proxies, to the testbed."""

import http.server
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llmobs import store
from llmobs.spool import Kind
from llmobs.spool.segment import line_of
from scripts import run
from scripts.run_parts import environment, proxies, stored, summary
from scripts.run_parts.bearer import bearer
from scripts.run_parts.stored import Spent
from tests.testbed import rows
from tests.testbed.proxy import Proxy
from tests.testbed.upstream import Upstream

CHILD = """
import os, sys, openai
run = {"X-LLMObserve-Run-ID": os.environ["LLMOBSERVE_RUN_ID"]} if "named" not in sys.argv else {}
client = openai.OpenAI(api_key="sk-testbed-0123456789abcdef", default_headers=run, max_retries=0)
for model in ("testbed-chat", "strange-model"):
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
sys.exit(5)
"""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """The providers."""
    with Upstream(tmp_path_factory.mktemp("upstream")) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A proxy of ours that runs already."""
    with Proxy(tmp_path_factory.mktemp("proxy"), upstream) as running:
        yield running


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A company's proxy, which opens TLS by an authority of its own."""
    with Proxy(tmp_path_factory.mktemp("company"), upstream, addon=False) as running:
        yield running


def before(**more: str) -> dict[str, str]:
    """The variables of a terminal that knows no proxy."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | more


def told(proxy: Proxy, *arguments: str) -> list[str]:
    """Arguments that name a running proxy."""
    proxies_port = str(proxy.ports[0])
    return ["--confdir", str(proxy.folder), "--port", proxies_port, *arguments]


def found(proxy: Proxy) -> Proxy:
    """A proxy, once its file is there."""
    rows.query(proxy.db, "select 1")
    while not proxies.find(proxy.folder, proxy.ports[0]):
        pass
    return proxy


@pytest.fixture
def announced(proxy: Proxy) -> Proxy:
    """The proxy that takes anyone."""
    return found(proxy)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A proxy of ours that asks for a password."""
    options = {"proxyauth": "ann:s/e@cret"}
    with Proxy(tmp_path_factory.mktemp("guarded"), upstream, options=options) as running:
        yield found(running)


def test_a_command_through_a_proxy_that_runs(announced: Proxy, capfd: pytest.CaptureFixture[str]) -> None:
    """Its exit status is passed on, and its calls are summed when the proxy has stored them."""

    command = ["--run", "one", "--", sys.executable, "-c", CHILD]
    status = run.main(told(announced, *command), before())
    said = capfd.readouterr().err

    assert status == 5, said
    assert "This run (one): 2 calls, 52 tokens in, 36 out, ≥" in said
    assert "unpriced: strange-model (1 call)" in said
    assert "slowest: " in said
    assert f"rows: {announced.db}" in said
    assert len(rows.of_run(announced.db, "one", 2)) == 2


def test_a_program_that_knows_nothing_of_it_is_named(announced: Proxy) -> None:
    """The user name of the proxy carries run, customer and tags to the row."""

    arguments = ["--run", "two", "--customer", "a;b %", "--tag", "team=x y", "--quiet", "--"]
    run.main(told(announced, *arguments, sys.executable, "-c", CHILD, "named"), before())
    found = rows.of_run(announced.db, "two", 2)
    assert [json.loads(row["tags"]).get("team") for row in found] == ["x y"] * 2

    assert [row["customer_id"] for row in found] == ["a;b %"] * 2


def test_a_proxy_that_wants_a_password(guarded: Proxy) -> None:
    """The user of HTTPS_PROXY comes first and with his password, and what is said of the run is added."""

    variables = before(HTTPS_PROXY=f"http://ann;customer=acme:s%2Fe%40cret@localhost:{guarded.ports[0]}")
    command = ["--run", "let in", "--tag", "team=red", "--quiet", "--", sys.executable, "-c", CHILD, "named"]
    status = run.main(told(guarded, *command), variables)
    seen = rows.of_run(guarded.db, "let in", 2)

    assert status == 5
    assert [(row["customer_id"], json.loads(row["tags"])) for row in seen] == [
        ("acme", {"team": "red", "user": "ann"})
    ] * 2


@pytest.mark.parametrize(
    ("user", "said"), [("", "wants a password"), ("ann:wrong@", "refuses the name and password in HTTPS_PROXY")]
)
def test_who_is_not_let_in(
    guarded: Proxy, tmp_path: Path, capsys: pytest.CaptureFixture[str], user: str, said: str
) -> None:
    """The command is not run, and what to export is told."""

    port, marker = guarded.ports[0], tmp_path / "ran"
    status = run.main(told(guarded, "--", "touch", str(marker)), before(HTTPS_PROXY=f"http://{user}127.0.0.1:{port}"))

    assert status == run.FAILED
    expected = f"the proxy at port {port} {said}: export HTTPS_PROXY=http://NAME:PASSWORD@127.0.0.1:{port}"
    assert expected in capsys.readouterr().err
    assert not marker.exists()


def test_a_proxy_of_its_own_behind_a_company_proxy(
    tmp_path: Path, company: Proxy, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where none runs, one is started with a new CA, goes through the company's, and is gone with all rows stored."""

    db, conf = tmp_path / "own.duckdb", tmp_path / "conf"
    arguments = ["--confdir", str(conf), "--db", str(db), "--json", "--", sys.executable, "-c", CHILD]
    variables = before(HTTPS_PROXY=company.url, SSL_CERT_FILE=str(company.bundle))
    status = run.main(arguments, variables)
    said = json.loads(capfd.readouterr().err.splitlines()[-1])

    assert status == 5
    assert (said["calls"], said["complete"], len(said["models"])) == (2, True, 2)
    assert list((conf / "llmobserve-proxies").iterdir()) == []
    assert "POST https://api.openai.com/v1/chat/completions" in company.log.read_text()


def test_reverse_listeners(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A client that knows no proxy is given a base URL, and its calls are of the run all the same."""

    provider = f"https://localhost:{upstream.port}"
    own = tmp_path / "own.yaml"
    own.write_text(
        f'providers:\n  testbed:\n    name: Testbed\n    hosts: ["localhost:{upstream.port}"]\n'
        '    routes: [{path: "**/chat/completions", dialect: openai_chat}]\n'
    )
    for module in (run, environment):
        monkeypatch.setattr(module, "BASES", {provider: ("OPENAI_BASE_URL", "/v1")})
    variables = before(SSL_CERT_FILE=str(upstream.files.ca))
    body = '{"model": "testbed-chat"}'
    child = f"curl -sS $OPENAI_BASE_URL/chat/completions -H 'content-type: application/json' -d '{body}'"
    arguments = ["--reverse", "--confdir", str(tmp_path / "conf"), "--db", str(tmp_path / "e.duckdb")]
    status = run.main([*arguments, "--pricing", str(own), "--run", "back", "--", "sh", "-c", child], variables)

    assert status == 0
    assert "This run (back): 1 call, " in capfd.readouterr().err


def test_no_call_was_seen(announced: Proxy, capfd: pytest.CaptureFixture[str]) -> None:
    """A command that makes none is told where to look; quiet tells nothing; JSON tells the same as figures."""

    assert run.main(told(announced, "--", "true"), before()) == 0
    assert "no AI call was seen" in capfd.readouterr().err
    assert run.main(told(announced, "--quiet", "--", "true"), before()) == 0
    assert capfd.readouterr().err == ""
    assert run.main(told(announced, "--json", "--db", str(announced.db), "--", "true"), before()) == 0
    assert json.loads(capfd.readouterr().err)["calls"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no command"),
        (["--tag", "nonsense", "--", "true"], "write KEY=VALUE"),
        (["--tag", "run=x", "--", "true"], "write --run x"),
    ],
)
def test_wrong_arguments_are_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What to write instead is said before anything is started."""

    with pytest.raises(SystemExit):
        run.main(arguments, {})

    assert said in capsys.readouterr().err


def test_a_proxy_that_can_not_be_gone_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command is not run past it, and the status says that it was us."""

    marker = tmp_path / "ran"
    arguments = ["--confdir", str(tmp_path), "--port", "1", "--", "touch", str(marker)]
    status = run.main(arguments, {"HTTPS_PROXY": "socks5://proxy.example:1080"})

    assert status == run.FAILED
    assert "only http and https" in capsys.readouterr().err
    assert not marker.exists()


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder whose name is misspelt is not made; the command is not run."""

    folder, marker = tmp_path / "nowhere", tmp_path / "ran"
    where = ["--confdir", str(tmp_path), "--port", "1", "--db", str(folder / "x.duckdb")]
    status = run.main([*where, "--", "touch", str(marker)], {})

    assert status == run.FAILED
    assert f"there is no folder {folder}; make it, or name another file" in capsys.readouterr().err
    assert not folder.exists()
    assert not marker.exists()


def test_our_own_proxy_is_no_companys(announced: Proxy) -> None:
    """Who exported what `make run` says to export is not led through two proxies of ours."""

    options = run._options(told(announced, "--", "true"))

    assert run._company(options, {"HTTPS_PROXY": f"127.0.0.1:{announced.ports[0]}"}) is None
    assert run._company(options, {"https_proxy": "proxy.example:3128"}) == "http://proxy.example:3128"


class Web(http.server.BaseHTTPRequestHandler):
    """A web server that speaks JSON, but not for us."""

    def do_GET(self) -> None:
        """Answer anything."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"program": "another"}')


def test_a_port_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What answers there and is no proxy of ours is not used; nor is silence."""

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    assert proxies.ask("127.0.0.1", web.server_port) is None
    web.shutdown()
    web.server_close()
    monkeypatch.setattr(proxies, "_ASK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert proxies.find(tmp_path, port) is None
        assert proxies.lets_in(f"http://127.0.0.1:{port}")
    assert proxies.ask("127.0.0.1", port) is None


def test_calls_that_wait_are_counted(tmp_path: Path) -> None:
    """Ended calls in the spool that the database does not have wait; those that run do not."""

    db = tmp_path / "e.duckdb"
    spool = db.with_name("e.duckdb.spool")
    spool.mkdir()
    line = line_of(Kind.EVENT, b'{"event_id":"a"}')
    (spool / "1-1.1.jsonl").write_bytes(line + line_of(Kind.OPEN, b'{"event_id":"b"}') + line)

    assert stored.waiting(db) == 2
    assert stored.spent(db, "r", wait=False) is None
    with store.writing(db) as writing:
        writing.load([], {"1-1.1.jsonl": len(line)})
    assert stored.waiting(db) == 1
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 2:
            (spool / "1-1.1.jsonl").unlink(missing_ok=True)

    found = stored.spent(db, "r", wait=True, sleep=pause)
    assert found is not None
    assert found.complete


def test_a_database_that_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it cost can't be told then, and that is told."""

    db = tmp_path / "e.duckdb"
    db.write_text("no database")
    options: Any = run._options(["--json", "--", "true"])
    run._tell(options, bearer({"run": "r"}, ()), db, own=True)
    assert "what it cost is not known" in capsys.readouterr().err

    run._tell(options, bearer({"run": "r"}, ()), tmp_path / "none.duckdb", own=True)
    assert capsys.readouterr().err == "null\n"
    monkeypatch.setattr(stored, "PATIENCE_SECONDS", 0)
    spool = tmp_path / "none.duckdb.spool"
    spool.mkdir()
    (spool / "1-1.1.jsonl").write_bytes(line_of(Kind.EVENT, b'{"event_id":"a"}'))
    assert stored.spent(tmp_path / "none.duckdb", "r", wait=True, sleep=lambda seconds: None) is None


def test_every_doubt_is_told() -> None:
    """Estimates, open jobs, failures and calls that wait each have their line."""

    row = {
        "provider": "p",
        "model": "m",
        "calls": 5,
        "input_tokens": 1,
        "output_tokens": 2,
        "cost_usd": None,
        "unpriced_calls": 0,
        "unknown_calls": 1,
        "pending_calls": 1,
        "partial_calls": 1,
        "estimated_calls": 1,
    }
    whole = row | {"doubtful_usd": None, "failed_calls": 1, "slowest_ms": None, "slowest": None}
    spent = Spent(whole, [row], complete=False)
    told = summary.lines(spent, "r")

    assert told[0] == "This run (r): 5 calls, 1 tokens in, 2 out, ?"
    assert [line.partition(":")[0] for line in told[1:]] == [
        "estimated or known in part",
        "not known before its result is seen",
        "did not end well",
        "more calls wait to be stored",
    ]
    assert summary.models(spent).total is None

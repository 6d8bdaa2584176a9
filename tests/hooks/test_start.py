import asyncio
import shlex
import stat
from pathlib import Path

import pytest
from mitmproxy import options
from mitmproxy.tools.dump import DumpMaster

from llmobs.hooks import start


def master() -> DumpMaster:
    """A mitmproxy that does not run."""

    async def made() -> DumpMaster:
        return DumpMaster(options.Options())

    return asyncio.run(made())


def test_guard_keeps_what_the_user_set() -> None:
    """Silences are allowed and URLs are not logged, but an option that the user has set is his."""

    opts = master().options
    opts.update(flow_detail=2)
    start.guard(opts)

    assert (opts.flow_detail, opts.tcp_timeout, opts.termlog_verbosity) == (2, start.SILENCE_SECONDS, "warn")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("llmobserve_pricng", "--set llmobserve_pricng: there is no such option and it does nothing; did you mean "),
        ("llmobserve_pricng", "; did you mean llmobserve_pricing?"),
        ("llmobserve_x", "; there are llmobserve_db, llmobserve_pricing, "),
    ],
)
def test_guard_warns_of_options_that_do_not_exist(caplog: pytest.LogCaptureFixture, name: str, said: str) -> None:
    """A misspelt option of ours is named with what may be meant; one of another addon may come yet."""

    opts = options.Options()
    opts.set(f"{name}=x", "another_addons=x", defer=True)
    start.guard(opts)

    assert len(caplog.messages) == 1
    assert said in caplog.messages[0]


def test_one_of_several_workers_warns_for_all(caplog: pytest.LogCaptureFixture) -> None:
    """What the others have to say of their equal settings was said by the first."""

    opts = options.Options()
    opts.add_option("llmobserve_quiet", bool, True, "as the second of several workers is started")
    opts.set("llmobserve_pricng=x", defer=True)
    start.guard(opts)
    opts.update(llmobserve_quiet=False)
    start.guard(opts)

    assert [message[:23] for message in caplog.messages] == ["--set llmobserve_pricng"]


def test_the_salt_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """Ids of keys stay the same from start to start, and only the owner can read what they are hashed with."""

    folder = tmp_path / "conf"

    assert start.salt(folder) == start.salt(folder)
    assert stat.S_IMODE((folder / "llmobserve-salt").stat().st_mode) == 0o600


def test_the_bundle_trusts_the_usual_authorities_and_ours(tmp_path: Path) -> None:
    """Tunnelled hosts keep their own certificates, so the usual authorities stay trusted."""

    assert start.bundle(tmp_path).read_bytes().count(b"BEGIN CERTIFICATE") > 100
    start.authority(tmp_path).write_bytes(b"-----BEGIN CERTIFICATE-----\nours\n")

    assert start.bundle(tmp_path).read_bytes().endswith(b"\nours\n")


@pytest.mark.parametrize(
    ("mode", "listens", "proxy"),
    [
        (["regular"], "127.0.0.1:8080 (regular)", "http://127.0.0.1:8080"),
        (
            ["reverse:https://api.openai.com@8081", "regular@9000"],
            "127.0.0.1:8081 (reverse:https://api.openai.com), 127.0.0.1:9000 (regular)",
            "http://127.0.0.1:9000",
        ),
        (["reverse:https://api.openai.com@8081"], "127.0.0.1:8081 (reverse", "http://127.0.0.1:8081"),
        (["local"], "on local", "http://127.0.0.1:8080"),
    ],
)
def test_the_start_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: list[str], listens: str, proxy: str
) -> None:
    """Where it listens, whom to trust, what to export, a variable a line, where the rows are and what shows them."""

    opts = master().options
    opts.update(mode=mode, listen_host="127.0.0.1", confdir=str(tmp_path))
    start.greet(opts, tmp_path / "events.duckdb")

    lines = capsys.readouterr().out.splitlines()
    assert listens in lines[0]
    assert lines[1].endswith(f"  {start.authority(tmp_path)}")
    assert [line for line in lines[2:-1] if "_BASE_URL" not in line] == [
        f"  export HTTPS_PROXY={proxy}",
        f"  export SSL_CERT_FILE={start.trusted(tmp_path)}",
        f"  export REQUESTS_CA_BUNDLE={start.trusted(tmp_path)}",
        f"  export CURL_CA_BUNDLE={start.trusted(tmp_path)}",
        f"  export AWS_CA_BUNDLE={start.trusted(tmp_path)}",
        f"  export NODE_EXTRA_CA_CERTS={start.authority(tmp_path)}",
        "  export NODE_USE_ENV_PROXY=1",
    ]
    assert lines[-1].endswith(f"events.duckdb; to see what they cost: make report DB={tmp_path / 'events.duckdb'}")


@pytest.mark.parametrize(
    ("mode", "listens", "proxy"),
    [
        ("regular@0.0.0.0:18090", "0.0.0.0:18090 (regular)", "127.0.0.1:18090"),
        ("regular@[::]:18090", "[::]:18090 (regular)", "127.0.0.1:18090"),
        ("regular@[::1]:18090", "[::1]:18090 (regular)", "[::1]:18090"),
        ("regular@10.0.0.7:18090", "10.0.0.7:18090 (regular)", "10.0.0.7:18090"),
    ],
)
def test_a_mode_with_a_host_and_a_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str, listens: str, proxy: str
) -> None:
    """The host is that of the mode, and the address has room for a name and a password, which are not told."""

    opts = master().options
    opts.update(mode=[mode], listen_host="127.0.0.1", confdir=str(tmp_path), proxyauth="ann:secret")
    start.greet(opts, start.USUAL)
    said = capsys.readouterr().out

    assert f"listens on {listens}\n" in said
    assert f"export HTTPS_PROXY={shlex.quote(f'http://NAME:PASSWORD@{proxy}')}\n" in said
    assert "secret" not in said


def test_reverse_listeners_have_a_base_url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The variable of each SDK that reads one is told; another provider has none."""

    opts = master().options
    hosts = ("api.openai.com@8081", "api.anthropic.com@8082", "api.groq.com@8083")
    opts.update(mode=["regular@8080", *(f"reverse:https://{host}" for host in hosts)], confdir=str(tmp_path))
    start.greet(opts, start.USUAL)

    assert capsys.readouterr().out.splitlines()[-3:-1] == [
        "  export OPENAI_BASE_URL=http://127.0.0.1:8081/v1",
        "  export ANTHROPIC_BASE_URL=http://127.0.0.1:8082",
    ]


def test_the_start_tells_the_command_as_it_has_to_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where `make report` looks by itself no database is named, and names with spaces are quoted."""

    opts = master().options
    opts.update(confdir=str(tmp_path / "my conf"))
    start.greet(opts, start.USUAL)
    usual = capsys.readouterr().out
    start.greet(opts, tmp_path / "my spend.duckdb")
    other = capsys.readouterr().out

    assert usual.endswith("cost: make report\n")
    assert f"SSL_CERT_FILE='{tmp_path}/my conf/llmobserve-ca-bundle.pem'\n" in usual
    assert other.endswith(f"cost: make report 'DB={tmp_path}/my spend.duckdb'\n")


def test_reading_a_file_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a server there is nothing to point a client at."""

    opts = master().options
    opts.update(server=False)
    start.greet(opts, tmp_path / "events.duckdb")

    assert capsys.readouterr().out == ""

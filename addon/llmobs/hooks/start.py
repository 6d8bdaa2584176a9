"""What is done once at the start: options a user would trip over, the CA bundle, lines that say how to go on."""

import difflib
import logging
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

import certifi
from mitmproxy import options
from mitmproxy.proxy.mode_specs import ProxyMode

from llmobs.config import ConfigError
from llmobs.settings import OPTIONS, misset

LOG = logging.getLogger("llmobserve")

# A model may think for an hour before its first byte; mitmproxy gives up after ten minutes.
SILENCE_SECONDS = 86_400

# What the names of our options begin with.
OURS = "llmobserve_"

# Where `make report` looks by itself.
USUAL = Path(__file__).parents[3] / next(str(option.default) for option in OPTIONS if option.name == "llmobserve_db")

# Reverse listener -> the variable that the provider's SDK reads, and the path that it has to end in.
BASES = {
    "reverse:https://api.openai.com": ("OPENAI_BASE_URL", "/v1"),
    "reverse:https://api.anthropic.com": ("ANTHROPIC_BASE_URL", ""),
}

EVERYWHERE = ("*", "0.0.0.0", "[::]")  # noqa: S104


def check(given: Mapping[str, object]) -> None:
    """Refuse options that can't be what they are set to; raises ConfigError."""
    if problems := misset(given):
        raise ConfigError(problems)


def file(named: str) -> Path | None:
    """A file that an option names, if it does."""
    return Path(named).expanduser() if named else None


def guard(opts: options.Options) -> None:
    """Long silences are allowed, and no log prints a URL with a key in it; what the user set himself stays.

    mitmproxy keeps an option that it does not know for an addon to come, without a word; one of ours is warned about.
    """
    wanted = {"tcp_timeout": SILENCE_SECONDS, "flow_detail": 0, "termlog_verbosity": "warn"}
    known = {name: value for name, value in wanted.items() if name in opts and not opts.has_changed(name)}
    opts.update(**known)
    for name in opts.deferred:
        if name.startswith(OURS):
            warn(opts, _misspelt(name))


def warn(opts: options.Options, text: str) -> None:
    """A warning about how the proxy is set up; of several workers, which are set up alike, one says it for all."""
    LOG.log(logging.DEBUG if _quiet(opts) else logging.WARNING, "%s", text)


def _quiet(opts: options.Options) -> bool:
    return "llmobserve_quiet" in opts and bool(opts.llmobserve_quiet)


def _misspelt(name: str) -> str:
    names = [option.name.removeprefix(OURS) for option in OPTIONS]
    close = difflib.get_close_matches(name.removeprefix(OURS), names, n=1)
    meant = f"did you mean {OURS}{close[0]}?" if close else f"there are {', '.join(OURS + each for each in names)}."
    return f"--set {name}: there is no such option and it does nothing; {meant}"


def salt(confdir: Path) -> bytes:
    """The secret that key ids are hashed with; made once, kept beside mitmproxy's CA key."""
    path = confdir / "llmobserve-salt"
    confdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()


def bundle(confdir: Path) -> Path:
    """A file that trusts the usual authorities and ours, as tunnelled hosts keep their own certificates."""
    path, ours = trusted(confdir), authority(confdir)
    _in_one_step(path, Path(certifi.where()).read_bytes() + b"\n" + (ours.read_bytes() if ours.exists() else b""))
    return path


def _in_one_step(path: Path, text: bytes) -> None:
    """A client that starts now must not read half a file."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.write_bytes(text)
    draft.replace(path)


def trusted(confdir: Path) -> Path:
    """Where `bundle` writes."""
    return confdir / "llmobserve-ca-bundle.pem"


def authority(confdir: Path) -> Path:
    """The certificate that signs what the proxy shows."""
    return confdir / "mitmproxy-ca-cert.pem"


def greet(opts: options.Options, db: Path, web: str | None = None) -> None:
    """Where it listens, whom to trust, what to export, a variable a line, where the rows are and what shows them."""
    if not opts.server or _quiet(opts):
        return
    confdir = Path(opts.confdir).expanduser()
    print(f"LLMObserve listens on {', '.join(_listeners(opts))}")
    print(f"  CA to trust  {authority(confdir)}")
    for name, value in _exports(opts, confdir):
        print(f"  export {name}={shlex.quote(value)}")
    print(f"  events go to {db}; to see what they cost: {_report(db)}", flush=True)
    if web:
        print(f"  dashboard at {web}")
        print(f"  metrics at   {web}metrics", flush=True)


def _exports(opts: options.Options, confdir: Path) -> list[tuple[str, str]]:
    both = str(bundle(confdir))
    trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
    return [
        ("HTTPS_PROXY", f"http://{'NAME:PASSWORD@' if 'proxyauth' in opts and opts.proxyauth else ''}{_way_in(opts)}"),
        *((name, both) for name in trust),
        ("NODE_EXTRA_CA_CERTS", str(authority(confdir))),
        ("NODE_USE_ENV_PROXY", "1"),
        *_bases(opts),
    ]


def _report(db: Path) -> str:
    return "make report" if db == USUAL else f"make report {shlex.quote(f'DB={db}')}"


def distrust(host: str, opts: options.Options) -> str:
    """What to tell whoever runs a client that does not trust our certificate."""
    confdir = Path(opts.confdir).expanduser()
    return (
        f"a client refused the certificate for {host}: it does not trust the proxy's CA. Let it trust "
        f"{authority(confdir)} (Node: NODE_EXTRA_CA_CERTS; Python: SSL_CERT_FILE={trusted(confdir)}), "
        "as the README says under Clients."
    )


def _modes(opts: options.Options) -> list[ProxyMode]:
    return [ProxyMode.parse(mode) for mode in opts.mode]


def _way_in(opts: options.Options) -> str:
    modes = _modes(opts)
    return _near([*(m for m in modes if m.type_name in ("regular", "upstream")), *modes][0], opts)


def _bases(opts: options.Options) -> list[tuple[str, str]]:
    """Reverse listeners that an SDK can be told of by a variable."""
    found = ((mode, BASES.get(mode.full_spec.partition("@")[0])) for mode in _modes(opts))
    return [(base[0], f"http://{_near(mode, opts)}{base[1]}") for mode, base in found if base]


def _near(mode: ProxyMode, opts: options.Options) -> str:
    """Where a program of this machine reaches a listener."""
    host = _host(mode, opts)
    return f"{'127.0.0.1' if host in EVERYWHERE else host}:{mode.listen_port(opts.listen_port) or 8080}"


def _host(mode: ProxyMode, opts: options.Options) -> str:
    host = mode.listen_host(opts.listen_host).strip("[]") or "*"
    return f"[{host}]" if ":" in host else host


def _listeners(opts: options.Options) -> list[str]:
    modes = [(mode, mode.listen_port(opts.listen_port), mode.full_spec.partition("@")[0]) for mode in _modes(opts)]
    return [f"{_host(mode, opts)}:{port} ({spec})" if port else spec for mode, port, spec in modes]

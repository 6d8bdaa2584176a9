"""Makes each installed runtime ask the proxy's own host, with the variables as they are, and says what came of it."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from llmobs.authority import RESERVED
from scripts.doctor_parts.finding import Finding, Verdict, fine, note, wrong
from scripts.doctor_parts.probes import ABSENT, PROBES, Probe
from scripts.run_parts import login
from scripts.run_parts.environment import BASES

# What --only takes.
NAMES = ("curl", "python", "node", "go", "java")
# Variables of who uses them; those that the start of the proxy tells everyone to export show nothing.
_SIGNS = {"node": ("NODE_OPTIONS", "npm_lifecycle_event"), "java": ("JAVA_TOOL_OPTIONS",)}
URL = f"https://{RESERVED}/"
# A compiler may have to start from nothing on a slow machine.
_SECONDS = 120
_AT_ONCE = 3
_REFUSED = re.compile(
    r"certificat|SSLHandshake|PKIX|CERT_|self.signed|unable to get (local )?issuer|x509", re.IGNORECASE
)
# The host is nowhere but in the proxy: who looks its name up did not ask the proxy.
_PAST = re.compile(
    r"resolve|ENOTFOUND|EAI_AGAIN|getaddrinfo|UnknownHost|no such host|Name or service|nodename|DNS|lookup"
    r"|Could not connect|FutureTimeout|connect timeout",
    re.IGNORECASE,
)
_UNKNOWN_USER = re.compile(r"\b407\b|Proxy Authentication", re.IGNORECASE)
_REFUSING = re.compile(r"refused|ECONNREFUSED|Failed to connect|proxy", re.IGNORECASE)
_NODE_VERSION = re.compile(r"v(\d+)\.(\d+)")
# The first versions of each line that read NODE_USE_ENV_PROXY.
_NODE_KNOWS = {22: 21, 24: 5}
_KNOWS_NONE = "knows no proxy variable"
_HERE = "http://127.0.0.1:"
_NODE_FIX = (
    'a reverse listener as base URL: scripts/run.py --reverse, or make run REVERSE="https://api.openai.com@8081"'
)


def all_of(environment: Mapping[str, str], python: str | None = None, only: Sequence[str] = ()) -> Iterator[Finding]:
    """What each runtime that is installed says, in the order of the table; `only` names those that are meant."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        meant = [each for each in PROBES if not only or _called(each) in only]
        named = [replace(each, program=python) if python and each.program == "python3" else each for each in meant]
        found = pool.map(lambda probe: examine(probe, environment), named)
        for probe, finding in zip(meant, found, strict=True):
            if finding:
                yield finding if only or _used(probe, environment) else replace(finding, verdict=_mild(finding.verdict))


def _called(probe: Probe) -> str:
    return probe.program.rstrip("3")


def _used(probe: Probe, environment: Mapping[str, str]) -> bool:
    """Whether anything shows that a runtime is more than installed, of those that need settings of their own."""
    signs = _SIGNS.get(probe.program)
    return signs is None or any(environment.get(name) for name in signs)


def _mild(verdict: Verdict) -> Verdict:
    return Verdict.NOTE if verdict is Verdict.WRONG else verdict


def examine(probe: Probe, environment: Mapping[str, str]) -> Finding | None:
    """One runtime; None where it is not installed."""
    program = shutil.which(probe.program, path=environment.get("PATH"))
    if program is None:
        return None
    version = _version([program, *probe.version], {**environment, "JAVA_TOOL_OPTIONS": ""})
    done = ask(probe, program, environment)
    if done.returncode == ABSENT:
        return None
    subject = f"{probe.name}{f' ({version})' if version else ''}"
    if '"seen": true' in done.stdout:
        return note(subject, f"is seen, {probe.note}") if probe.note else fine(subject, "is seen")
    if probe.program == "node" and not _node_knows(version):
        based = any(environment.get(name, "").startswith(_HERE) for name, _ in BASES.values())
        return note(subject, _KNOWS_NONE, "a base URL is set") if based else wrong(subject, _KNOWS_NONE, _NODE_FIX)
    return _failed(subject, probe, done.stderr, environment)


def _failed(subject: str, probe: Probe, said: str, environment: Mapping[str, str]) -> Finding:
    if _UNKNOWN_USER.search(said):
        return wrong(subject, "the proxy wants a password", login.wanted("127.0.0.1", "PORT"))
    if _REFUSED.search(said):
        folder = "unset SSL_CERT_DIR, and " if probe.program == "curl" and environment.get("SSL_CERT_DIR") else ""
        return wrong(subject, "does not trust the proxy's certificate", f"{folder}set {probe.trust}")
    if _PAST.search(said):
        return wrong(subject, "goes past the proxy", _past(probe))
    if _REFUSING.search(said):
        return wrong(subject, "can't reach the proxy", "start it, or mend HTTPS_PROXY")
    return wrong(subject, f"failed: {_last(said)}", "see what it says")


def _past(probe: Probe) -> str:
    ways = {
        "node": "set NODE_USE_ENV_PROXY=1 and HTTPS_PROXY",
        "java": "JAVA_TOOL_OPTIONS with -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=PORT, which scripts/run.py sets",
    }
    return ways.get(probe.program, "set HTTPS_PROXY, and look at NO_PROXY")


def ask(probe: Probe, program: str, environment: Mapping[str, str], url: str = URL) -> subprocess.CompletedProcess[str]:
    """Let a runtime ask a URL."""
    with tempfile.TemporaryDirectory(prefix="llmobserve-doctor-") as folder:
        source = [probe.source] if probe.source else []
        if probe.suffix:
            file = Path(folder) / f"Probe{probe.suffix}"
            file.write_text(probe.source)
            source = [str(file)]
        return _done([program, *probe.arguments, *source, url], environment)


def _version(command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = _done(command, environment)
    found = re.search(r"v?\d+(\.\d+)+", done.stdout or done.stderr)
    return found[0] if found else ""


def _done(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        return subprocess.CompletedProcess(command, 1, "", f"{type(error).__name__}")


def _node_knows(version: str) -> bool:
    found = _NODE_VERSION.match(version)
    major, minor = (int(found[1]), int(found[2])) if found else (0, 0)
    return major > max(_NODE_KNOWS) or minor >= _NODE_KNOWS.get(major, 1_000)


def _last(said: str) -> str:
    return next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it said nothing")[:160]

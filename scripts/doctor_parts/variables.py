"""The variables that lead a program through the proxy, as they are set where the doctor runs; it asks nobody."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from scripts.doctor_parts.finding import Finding, fine, note, wrong
from scripts.run_parts.trust import certificates

# Variable -> who is lost without it.
_BUNDLES = {
    "SSL_CERT_FILE": "Python (httpx, openai, anthropic), Go, curl",
    "REQUESTS_CA_BUNDLE": "Python's requests",
    "AWS_CA_BUNDLE": "boto3",
    "CURL_CA_BUNDLE": "curl",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "gRPC",
    "NODE_EXTRA_CA_CERTS": "Node, Claude Code, Gemini CLI",
}
# Adds to what a client trusts already, so that one certificate is enough.
_ADDS = "NODE_EXTRA_CA_CERTS"
_SHOWN = 3
_HOME = ("127.0.0.1", "localhost", "::1")


def proxy(environment: Mapping[str, str], port: int) -> Iterator[Finding]:
    """Where HTTPS_PROXY leads, in both of its spellings."""
    upper, lower = environment.get("HTTPS_PROXY"), environment.get("https_proxy")
    export = f"export HTTPS_PROXY=http://127.0.0.1:{port}"
    if not (upper or lower):
        yield wrong("HTTPS_PROXY", "is not set", f"{export}, or start the program with scripts/run.py")
        return
    if upper and lower and upper != lower:
        yield wrong("HTTPS_PROXY", "differs from https_proxy; curl and Python read the small one", "unset https_proxy")
    yield _leads(lower or upper or "", port, export)


def _leads(named: str, port: int, export: str) -> Finding:
    try:
        url = urlsplit(named if "://" in named else f"http://{named}")
        to = url.hostname, url.port
    except ValueError:
        return wrong("HTTPS_PROXY", "is no address", export)
    if to != (to[0] if to[0] in _HOME else None, port):
        return wrong(
            "HTTPS_PROXY", f"leads to {to[0]}:{to[1]}, not to port {port} here", f"{export}, or --port {to[1]}"
        )
    if url.scheme != "http":
        return wrong("HTTPS_PROXY", f"begins with {url.scheme}://", f"{export}: the way to the proxy itself is plain")
    if url.username and not url.password:
        return note("HTTPS_PROXY", "has a user name without a password", "write NAME:x@; some clients drop the name")
    return fine("HTTPS_PROXY", f"leads to port {port}")


def no_proxy(environment: Mapping[str, str], hosts: Iterable[str]) -> Iterator[Finding]:
    """Providers that clients go to directly."""
    for name in ("NO_PROXY", "no_proxy"):
        parts = [part.strip().lower() for part in environment.get(name, "").split(",") if part.strip()]
        past = [
            host for host in hosts if host.split(":")[0] not in _HOME and any(_covers(part, host) for part in parts)
        ]
        if past:
            more = f" and {len(past) - _SHOWN} more" if len(past) > _SHOWN else ""
            yield wrong(
                name, f"leads past the proxy: {', '.join(past[:_SHOWN])}{more}", f"take what covers them out of {name}"
            )
        elif parts:
            yield fine(name, "covers no provider")


def _covers(part: str, host: str) -> bool:
    domain = part.removeprefix("*").removeprefix(".")
    return part == "*" or host == domain or host.endswith(f".{domain}")


def trust(environment: Mapping[str, str], ca: Path, bundle: Path) -> Iterator[Finding]:
    """Whether each variable names a file that trusts the CA as it is now."""
    ours = certificates(ca)
    for name, who in _BUNDLES.items():
        value = environment.get(name)
        export = f"export {name}={ca if name == _ADDS else bundle}"
        if value:
            yield _trusts(name, Path(value), ours, export)
        else:
            yield note(name, f"is not set: {who} may refuse the certificate", export)
    if environment.get("SSL_CERT_DIR"):
        yield note("SSL_CERT_DIR", "is set; some clients prefer it to SSL_CERT_FILE", "unset SSL_CERT_DIR")


def _trusts(name: str, path: Path, ours: list[str], export: str) -> Finding:
    if not path.is_file():
        return wrong(name, f"names a file that is not there: {path}", export)
    found = certificates(path)
    if not ours or not set(ours) & set(found):
        return wrong(name, f"{path} does not hold the proxy's CA, or one from before it was made anew", export)
    if len(found) == len(ours) and name != _ADDS:
        return note(name, "trusts the proxy's CA alone; hosts that are no provider's will be refused", export)
    return fine(name, "trusts the proxy's CA")

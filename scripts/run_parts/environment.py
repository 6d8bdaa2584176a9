"""The variables that lead a program and its children through the proxy; it does not know how they come to trust it.

Each name is one that a client was seen to read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# What never goes through a proxy.
HERE = ("localhost", "127.0.0.1", "::1")
# Variables that name a file of all trusted authorities.
BUNDLES = (
    "SSL_CERT_FILE",  # OpenSSL, Go, httpx, rustls and native-tls
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "CODEX_CA_CERTIFICATE",
    "CARGO_HTTP_CAINFO",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "HTTPLIB2_CA_CERTS",
    "NIX_SSL_CERT_FILE",
    "DENO_CERT",
)
# Where a reverse listener is for a provider: the variable that its SDK reads, and the path that it has to end in.
BASES = {
    "https://api.openai.com": ("OPENAI_BASE_URL", "/v1"),
    "https://api.anthropic.com": ("ANTHROPIC_BASE_URL", ""),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way through the proxy: its address with a user name, and the files that make it trusted.

    reverse: provider -> port of a reverse listener on this machine.
    """

    url: str
    host: str
    port: int
    bundle: Path
    extra: Path
    java_store: Path | None
    package: Path
    run: str
    reverse: Mapping[str, int]


def environment(before: Mapping[str, str], way: Way) -> dict[str, str]:
    """What a program is started with; a user's own values are kept where both have room."""
    after = {name: value for name, value in before.items() if name != "SSL_CERT_DIR"}
    after |= dict.fromkeys(BUNDLES, str(way.bundle))
    after |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), way.url)
    after |= dict.fromkeys(("NO_PROXY", "no_proxy"), _no_proxy(before))
    after |= {"NODE_EXTRA_CA_CERTS": str(way.extra), "NODE_USE_ENV_PROXY": "1"}
    after["JAVA_TOOL_OPTIONS"] = _joined(" ", before.get("JAVA_TOOL_OPTIONS"), _java(way))
    after["PYTHONPATH"] = _joined(":", before.get("PYTHONPATH"), str(way.package))
    after["LLMOBSERVE_RUN_ID"] = way.run
    for provider, port in way.reverse.items():
        variable, path = BASES[provider]
        after[variable] = f"http://127.0.0.1:{port}{path}"
    return after


def _no_proxy(before: Mapping[str, str]) -> str:
    own = before.get("NO_PROXY") or before.get("no_proxy") or ""
    return ",".join(dict.fromkeys([*(part.strip() for part in own.split(",") if part.strip()), *HERE]))


def _java(way: Way) -> str:
    """Java reads no variable for a proxy, and takes no user name with these."""
    options = [f"-Dhttps.proxyHost={way.host}", f"-Dhttps.proxyPort={way.port}"]
    if way.java_store:
        options += [f"-Djavax.net.ssl.trustStore={way.java_store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    return " ".join(f'"{option}"' if " " in option else option for option in options)


def _joined(between: str, *parts: str | None) -> str:
    return between.join(part for part in parts if part)

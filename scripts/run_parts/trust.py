"""Files that trust the proxy's CA and all that was trusted before; it does not know which client reads which.

A file goes by what is in it, so that it may be used again, and stays for programs that outlive the command.
"""

import hashlib
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import certifi

_FOLDER = "llmobserve-trust"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# Where systems keep what they trust, a company's own authority included.
_SYSTEM = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
# What a user may have set before, for the same reason as we do.
_TOLD = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_STOREPASS = "changeit"  # of every JDK's own store


def bundle(confdir: Path, ca: Path, environment: Mapping[str, str]) -> Path:
    """The usual authorities, the system's, those the user named, and ours."""
    named = [Path(environment[name]) for name in _TOLD if environment.get(name)]
    return _kept(confdir, [Path(certifi.where()), *_system(), *named, ca])


def for_node(confdir: Path, ca: Path, environment: Mapping[str, str]) -> Path:
    """Ours, and what the user gave to Node before."""
    named = environment.get("NODE_EXTRA_CA_CERTS")
    return _kept(confdir, [Path(named), ca]) if named and Path(named) != ca else ca


def java_store(confdir: Path, ca: Path, environment: Mapping[str, str]) -> Path | None:
    """The JDK's own trust store with our CA in it; None where there is no JDK, or it does not let us."""
    home = _java_home(environment)
    source = home / "lib" / "security" / "cacerts" if home else None
    keytool = shutil.which("keytool", path=environment.get("PATH")) or (home and str(home / "bin" / "keytool"))
    if source is None or not source.is_file() or not keytool or not Path(keytool).exists():
        return None
    path = _folder(confdir) / f"{_digest(source.read_bytes() + ca.read_bytes())}.jks"
    return path if path.exists() or _imported(source, ca, path, str(keytool)) else None


def _imported(source: Path, ca: Path, path: Path, keytool: str) -> bool:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    shutil.copyfile(source, draft)
    alias = ["-importcert", "-noprompt", "-alias", "llmobserve", "-file", str(ca)]
    command = [keytool, *alias, "-keystore", str(draft), "-storepass", _STOREPASS]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode == 0:
        draft.replace(path)
    draft.unlink(missing_ok=True)
    return done.returncode == 0


def _java_home(environment: Mapping[str, str]) -> Path | None:
    if environment.get("JAVA_HOME"):
        return Path(environment["JAVA_HOME"])
    java = shutil.which("java", path=environment.get("PATH"))
    return Path(java).resolve().parents[1] if java else None


def _system() -> Iterator[Path]:
    told = ssl.get_default_verify_paths().openssl_cafile
    yield from (path for name in (told, *_SYSTEM) if (path := Path(name)).is_file())


def _kept(confdir: Path, files: Iterable[Path]) -> Path:
    text = "\n".join(dict.fromkeys(found for file in files for found in certificates(file))) + "\n"
    path = _folder(confdir) / f"{_digest(text.encode())}.pem"
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(text)
        draft.replace(path)
    return path


def certificates(file: Path) -> list[str]:
    """The certificates of a file as they stand in it; none where it can't be read."""
    with suppress(OSError, UnicodeDecodeError):
        return _CERTIFICATE.findall(file.read_text())
    return []


def _folder(confdir: Path) -> Path:
    folder = confdir / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]

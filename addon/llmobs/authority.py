"""A certificate authority that can sign for named hosts only; it does not know who they are nor who trusts it.

A name constraint (RFC 5280, 4.2.1.10) permits a domain with all below it, so a pattern is permitted by what follows its
last wildcard.
"""

import ipaddress
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The host that the proxy answers itself, so that a client can be tried without a key and without a network; `.internal`
# is reserved for private use and never resolves.
RESERVED = "llmobserve.internal"
# The names that mitmproxy gives its files.
SECRET, PUBLIC = "mitmproxy-ca.pem", "mitmproxy-ca-cert.pem"
_COPIES = (PUBLIC, "mitmproxy-ca-cert.cer")
_LIFETIME = timedelta(days=3650)
# A client's clock may be behind.
_GRACE = timedelta(days=2)
_WILD = re.compile(r"[*?]|\{[^}]*\}")
# A constraint holds for names of its own kind only: without one for addresses any address could be signed for.
_ADDRESSES = ("127.0.0.1", "::1")


class AuthorityError(Exception):
    """There is an authority already, or its files can't be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Authority:
    """What a certificate says: `permitted` domains and addresses, None where it may sign for anyone."""

    path: Path
    permitted: tuple[str, ...] | None
    expires: datetime
    fingerprint: str

    def uncovered(self, patterns: Iterable[str]) -> list[str]:
        """The host patterns that it can't sign for."""
        return [] if self.permitted is None else [each for each in patterns if not self._covers(_named(each))]

    def _covers(self, host: str) -> bool:
        assert self.permitted is not None
        below = _literal(host)
        return any(below == each or (below and _inside(below, each)) for each in self.permitted)


def permitted(patterns: Iterable[str]) -> list[str]:
    """The fewest domains and addresses that cover all host patterns, and the reserved host; sorted."""
    found = {below for each in patterns if (below := _literal(_named(each)))} | {RESERVED, *_ADDRESSES}
    return sorted(each for each in found if not any(_inside(each, other) for other in found - {each}))


def read(folder: Path) -> Authority | None:
    """The authority in a folder; None where there is none yet."""
    path = folder / PUBLIC
    with suppress(FileNotFoundError):
        try:
            return _told(path, x509.load_pem_x509_certificate(path.read_bytes()))
        except (ValueError, PermissionError) as error:
            raise AuthorityError(f"{path} can't be read ({error}): move it aside and start again") from error
    return None


def make(folder: Path, patterns: Iterable[str], *, replace: bool = False) -> Authority:
    """Write a new authority; one that is there stays, or with `replace` is kept under names that end in .bak."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / SECRET).exists():
        if not replace:
            raise AuthorityError(f"{folder / SECRET} is there already: --force replaces it, and keeps it as .bak")
        for path in (*folder.glob("mitmproxy-ca*.pem"), *folder.glob("mitmproxy-ca*.cer"), *folder.glob("*-ca*.p12")):
            path.replace(path.with_name(f"{path.name}.bak"))
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key, permitted(patterns))
    public = certificate.public_bytes(serialization.Encoding.PEM)
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
    _write(folder / SECRET, key.private_bytes(*encoding, serialization.NoEncryption()) + public)
    for name in _COPIES:
        _write(folder / name, public, mode=0o644)
    return _told(folder / PUBLIC, certificate)


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)


def _signed(key: ec.EllipticCurvePrivateKey, subtrees: Sequence[str]) -> x509.Certificate:
    """Its name ends in a number of its own: clients tell two authorities by their names."""
    serial, now = x509.random_serial_number(), datetime.now(UTC)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"LLMObserve {serial:x}"[:24]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "LLMObserve"),
        ]
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, now - _GRACE, now + _LIFETIME)
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.NameConstraints([_subtree(each) for each in subtrees], None), True),
        (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256())


def _told(path: Path, certificate: x509.Certificate) -> Authority:
    subtrees: tuple[str, ...] | None = None
    with suppress(x509.ExtensionNotFound):
        names = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
        subtrees = tuple(_text(name) for name in names)
    print_ = certificate.fingerprint(hashes.SHA256()).hex()
    return Authority(path, subtrees, certificate.not_valid_after_utc, print_)


def _text(name: x509.GeneralName) -> str:
    return str(name.value).partition("/")[0]


def _subtree(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.IPAddress(ipaddress.ip_network(address)) if address else x509.DNSName(name)


def _named(pattern: str) -> str:
    """A pattern without its port."""
    return re.sub(r":(\d+|\*)$", "", pattern).strip("[]").lower()


def _literal(host: str) -> str:
    """What of a host stands after its last wildcard, from the next dot on; nothing where it ends in one."""
    wild = list(_WILD.finditer(host))
    return host[wild[-1].end() :].partition(".")[2] if wild else host


def _inside(name: str, domain: str) -> bool:
    return not _address(domain) and name.endswith(f".{domain}")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None

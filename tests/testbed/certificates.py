"""A throw-away certificate authority and one leaf for all simulated hosts; it does not know who trusts them."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ISSUER = "LLMObserve testbed CA"
HOSTS = (
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "openrouter.ai",
    "api.groq.com",
    "bedrock-runtime.us-east-1.amazonaws.com",
    "api.elevenlabs.io",
    "api.deepgram.com",
    "api.assemblyai.com",
    "index-1a2b3c.svc.aped-4627-b74a.pinecone.io",
    "api.voyageai.com",
    "api.stripe.com",
    "api.twilio.com",
    "example.org",
    "localhost",
)
_LIFETIME = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Certificates:
    """The files of one testbed: `ca` is what a client trusts, `chain` and `key` are what the server shows."""

    ca: Path
    chain: Path
    key: Path


def issue(folder: Path, hosts: tuple[str, ...] = HOSTS) -> Certificates:
    """Write a new authority and a leaf for `hosts` into `folder`."""
    ca_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _sign(ISSUER, ca_key, ISSUER, ca_key, x509.BasicConstraints(ca=True, path_length=0), ())
    leaf = _sign("testbed leaf", leaf_key, ISSUER, ca_key, x509.BasicConstraints(ca=False, path_length=None), hosts)
    files = Certificates(folder / "testbed-ca.pem", folder / "testbed-leaf.pem", folder / "testbed-leaf.key")
    files.ca.write_bytes(_pem(ca))
    files.chain.write_bytes(_pem(leaf))
    files.key.write_bytes(
        leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def _sign(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    constraints: x509.BasicConstraints,
    hosts: tuple[str, ...],
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFETIME)
        .not_valid_after(now + _LIFETIME)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_key_usage(ca=constraints.ca), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    """What strict verifiers (Python 3.13) want to see on an authority and on a leaf."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)

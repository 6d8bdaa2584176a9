import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from llmobs import authority
from llmobs.dialects import DIALECTS
from llmobs.hooks.addon import PRICES
from llmobs.pricing import load

LABEL = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
NAME = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("pattern", "domain"),
    [
        ("api.openai.com", "api.openai.com"),
        ("llm.example.com:8443", "llm.example.com"),
        ("llm.example.com:*", "llm.example.com"),
        ("bedrock-runtime.{region}.amazonaws.com", "amazonaws.com"),
        ("{region}-aiplatform.googleapis.com", "googleapis.com"),
        ("*.cloud.databricks.com", "cloud.databricks.com"),
        ("api-*.elevenlabs.io", "elevenlabs.io"),
        ("api?.example.com", "example.com"),
        ("10.1.2.3:8000", "10.1.2.3"),
        ("[fd00::1]:8000", "fd00::1"),
        ("localhost:11434", "localhost"),
    ],
)
def test_a_pattern_is_permitted_by_what_follows_its_last_wildcard(pattern: str, domain: str) -> None:
    """The smallest domain that covers all hosts of a pattern is permitted, and it covers the pattern."""

    assert set(authority.permitted([pattern])) == {domain, "127.0.0.1", "::1", authority.RESERVED}


def test_a_pattern_that_ends_in_a_wildcard_can_not_be_permitted(tmp_path: Path) -> None:
    """It would be every domain, so it stays uncovered."""

    made = authority.make(tmp_path, ["api.*"])

    assert made.permitted == ("127.0.0.1", "::1", authority.RESERVED)
    assert made.uncovered(["api.*"]) == ["api.*"]


def test_a_domain_inside_another_is_left_out() -> None:
    """Fewer constraints make a smaller chain in each handshake."""

    found = authority.permitted(["api.example.com", "*.example.com", "x.127.0.0.1", "notexample.com"])

    assert found == ["127.0.0.1", "::1", "example.com", authority.RESERVED, "notexample.com", "x.127.0.0.1"]


@given(st.lists(NAME, max_size=20))
def test_all_that_was_permitted_is_covered(names: list[str]) -> None:
    """Whatever the hosts are, none of them is lacking, nor is a host below them."""

    made = authority.Authority(Path(), tuple(authority.permitted(names)), datetime.now(UTC), "")

    assert made.uncovered(names) == []
    assert made.uncovered([f"*.{name}" for name in names]) == []


def test_the_real_price_file_is_covered(tmp_path: Path) -> None:
    """Every provider's host is one that the CA may sign for, and a bank is not."""

    hosts = [host for provider in load(PRICES, dialects=DIALECTS).providers.values() for host in provider.hosts]
    made = authority.make(tmp_path / "new" / "folder", hosts)

    assert made.uncovered(hosts) == []
    assert made.uncovered(["www.bank.example", "10.0.0.1"]) == ["www.bank.example", "10.0.0.1"]


def test_what_is_made_is_what_is_read(tmp_path: Path) -> None:
    """The files have mitmproxy's names, the key is private, and the certificate says what it may sign for."""

    made = authority.make(tmp_path, ["api.openai.com"])
    certificate = x509.load_pem_x509_certificate((tmp_path / "mitmproxy-ca.pem").read_bytes())

    assert authority.read(tmp_path) == made
    assert made.expires > datetime.now(UTC) + timedelta(days=3000)
    assert stat.S_IMODE((tmp_path / authority.SECRET).stat().st_mode) == 0o600
    assert certificate.extensions.get_extension_for_class(x509.NameConstraints).critical
    assert (tmp_path / "mitmproxy-ca-cert.cer").read_bytes() == made.path.read_bytes()


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    """It is replaced on demand only, and the former one is kept."""

    first = authority.make(tmp_path, ["api.openai.com"])
    with pytest.raises(authority.AuthorityError, match="--force replaces it"):
        authority.make(tmp_path, ["api.openai.com"])
    assert authority.read(tmp_path) == first
    second = authority.make(tmp_path, ["api.anthropic.com"], replace=True)

    assert second.fingerprint != first.fingerprint
    assert "api.openai.com" not in (second.permitted or ())
    kept = x509.load_pem_x509_certificate((tmp_path / "mitmproxy-ca.pem.bak").read_bytes())
    assert kept.serial_number != x509.load_pem_x509_certificate(second.path.read_bytes()).serial_number


def test_none_and_nonsense(tmp_path: Path) -> None:
    """An empty folder has none; a file that is no certificate is named."""

    assert authority.read(tmp_path) is None
    (tmp_path / authority.PUBLIC).write_text("nonsense")
    with pytest.raises(authority.AuthorityError, match="can't be read"):
        authority.read(tmp_path)

"""Keys and tokens in texts: none that has a known shape survives, whatever stands around it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmobs.content.scrub import scrub
from llmobs.content.secrets import exactly, shaped

# The tail of a key; what begins a key is put together here, so that no scanner takes this file for a leak.
_TAIL = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9"
_UPPER = "IOSFODNN7EXAMPLE"
_HEX = "0123456789abcdef0123456789abcdef"
KEYS = {
    "openai": "sk-" + "proj-" + _TAIL,
    "openai_old": "sk-" + _TAIL,
    "anthropic": "sk-" + "ant-api03-" + _TAIL + "-_AA",
    "openrouter": "sk-" + "or-v1-" + _HEX,
    "google": "AIza" + "Sy" + _TAIL,
    "google_token": "ya29." + _TAIL,
    "google_secret": "GOCSPX-" + _TAIL,
    "aws": "AKIA" + _UPPER,
    "aws_session": "ASIA" + _UPPER,
    "bedrock": "ABSK" + _TAIL + "+/=",
    "github": "ghp_" + _TAIL,
    "github_fine": "github_" + "pat_" + _TAIL,
    "gitlab": "glpat-" + _TAIL,
    "slack": "xoxb-" + _TAIL,
    "slack_app": "xapp-" + _TAIL,
    "slack_hook": "https://hooks." + "slack.com/services/T0/B0/" + _TAIL,
    "stripe": "sk_" + "live_" + _TAIL,
    "sendgrid": "SG." + _TAIL + "." + _TAIL,
    "twilio": "AC" + _HEX,
    "groq": "gsk_" + _TAIL,
    "xai": "xai-" + _TAIL,
    "perplexity": "pplx-" + _TAIL,
    "huggingface": "hf_" + _TAIL,
    "replicate": "r8_" + _TAIL,
    "nvidia": "nvapi-" + _TAIL,
    "pinecone": "pcsk_" + _TAIL,
    "npm": "npm_" + _TAIL,
    "pypi": "pypi-" + _TAIL,
    "jwt": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxIn0" + "." + _TAIL,
    "pem": "-----BEGIN RSA " + "PRIVATE KEY-----\n" + _TAIL + "\n-----END RSA " + "PRIVATE KEY-----",
}
NAMED = {
    "bearer": "Authorization: Bearer {}",
    "assignment": "export API_KEY={}",
    "json": '{{"client_secret": "{}"}}',
    "yaml": "password: {}",
    "url": "postgres://ann:{}@db.example/x",
}
_AROUND = st.text(st.sampled_from(" \n\t\"',;:()[]{}<>=&|é日"), min_size=0, max_size=3)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@settings(max_examples=25, deadline=None)
@given(before=_AROUND, after=_AROUND, filler=st.text(max_size=30))
def test_known_keys_never_survive(key: str, before: str, after: str, filler: str) -> None:
    """A key goes wherever it stands, also within JSON in a text."""
    told = f"{filler} {before}{key}{after}"

    for text in (told, json.dumps({"a": told}), json.dumps(json.dumps({"a": f"\n{key}\t"}))):
        kept = scrub(text, [shaped])
        assert _TAIL not in kept
        assert _UPPER not in kept
        assert _HEX not in kept


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED)
def test_what_is_named_a_secret(text: str) -> None:
    """What stands beside a word for secrets goes; the word stays."""
    kept = scrub(text.format("correct-horse-battery"), [shaped])

    assert kept == text.format("[SECRET]")


@pytest.mark.parametrize(
    "text",
    ["a task-force-of-many-people met", "the basic idea is simple", "bearer of news", "password: ?", "risk-assessment"],
)
def test_ordinary_text_stays(text: str) -> None:
    """Words that only look a little like keys are left alone."""
    assert scrub(text, [shaped]) == text


def test_one_known_secret() -> None:
    """A key that is known goes though it has no shape."""
    assert scrub("my.key+1 and my.key+1x", [exactly("my.key+1")]) == "[SECRET] and [SECRET]x"

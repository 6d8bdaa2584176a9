"""A client's request as another host wants it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.policy.relay_schema import Target
from llmobs.relay.aim import Request, aim, signed

BODY = b'{ "model": "gpt-4o",  "n": 1.0, "stream": true }'
ASKED = Request(
    scheme="https",
    host="api.openai.com",
    port=443,
    method="POST",
    path="/v1/chat/completions",
    version="HTTP/1.1",
    authority="",
    fields=(
        (b"Host", b"api.openai.com"),
        (b"Authorization", b"Bearer sk-mine"),
        (b"X-Kept", b"1"),
        (b"OpenAI-Organization", b"org-mine"),
        (b"Content-Length", b"%d" % len(BODY)),
    ),
    body=BODY,
)
ENVIRONMENT = {"OTHER_KEY": "sk-other"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of every target."""
    monkeypatch.setenv("OTHER_KEY", "sk-other")


def target(**rules: Any) -> Target:
    """Another host."""
    return Target.model_validate({"host": "other.example", "key_env": "OTHER_KEY", **rules})


def aimed(rules: dict[str, Any], request: Request = ASKED, model: str | None = "gpt-4o") -> Request:
    """A request that the target takes."""
    found = aim(request, model, target(**rules), ENVIRONMENT)
    assert found is not None
    return found


def test_key_of_the_client_stays_at_home() -> None:
    """The target gets its own key and host; the body is untouched where nothing of it changes."""
    found = aimed({})

    assert found.fields == (
        (b"Host", b"other.example"),
        (b"X-Kept", b"1"),
        (b"Content-Length", b"48"),
        (b"authorization", b"Bearer sk-other"),
    )
    assert (found.host, found.port, found.path, found.body) == ("other.example", 443, ASKED.path, BODY)


def test_model_is_renamed_and_the_rest_is_kept() -> None:
    """Only the member `model` changes, and the length with it; patterns may stand for models."""
    found = aimed({"models": {"gpt-5*": "five", "gpt-4*": "deployment-4"}, "auth": "api-key"})

    assert found.body == b'{"model":"deployment-4","n":1.0,"stream":true}'
    assert (b"Content-Length", b"46") in found.fields
    assert (b"api-key", b"sk-other") in found.fields


def test_model_that_a_target_does_not_have() -> None:
    """With a list of models, others do not go there."""

    assert aim(ASKED, "o3", target(models={"gpt-4o": "x"}), ENVIRONMENT) is None
    assert aim(ASKED, None, target(models={"gpt-4o": "x"}), ENVIRONMENT) is None


@pytest.mark.parametrize(
    ("template", "asked", "path"),
    [
        ("{path}", "/v1/chat/completions", "/v1/chat/completions"),
        ("/api{path}", "/v1/messages?beta=true", "/api/v1/messages?beta=true"),
        ("/openai{path}", "/v1/responses?key=secret", "/openai/v1/responses"),
        (
            "/openai/deployments/{model}{rest}?api-version=2024-10-21",
            "/v1/chat/completions?a=1",
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21&a=1",
        ),
        ("/v1{rest}", "/openai/v1/embeddings", "/v1/embeddings"),
    ],
)
def test_paths(template: str, asked: str, path: str) -> None:
    """Words in braces stand for parts of the client's own path; keys of a query are left out."""

    assert aimed({"path": template}, replace(ASKED, path=asked)).path == path


@pytest.mark.parametrize(("stream", "verb"), [(True, "streamRawPredict"), (False, "rawPredict")])
def test_anthropic_at_vertex(stream: bool, verb: str) -> None:
    """The model moves into the path, a version takes its place in the body."""
    body = json.dumps({"model": "claude-sonnet-4-5", "stream": stream, "max_tokens": 9}).encode()
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/{model}:{verb}"
    rules = {"path": path, "models": {"claude-sonnet-4-5": "claude-sonnet-4-5@20250929"}}

    found = aimed(rules, replace(ASKED, body=body), "claude-sonnet-4-5")
    assert found.path.endswith(f"/models/claude-sonnet-4-5@20250929:{verb}")
    assert json.loads(found.body) == {"stream": stream, "max_tokens": 9, "anthropic_version": "vertex-2023-10-16"}


def test_what_cannot_be_rewritten_does_not_go() -> None:
    """Signed requests, encoded bodies and forms stay where they are; a body without a model may go."""
    rename = target(models={"gpt-4o": "x"})
    gzipped = replace(ASKED, fields=((b"Content-Encoding", b"gzip"),))
    aws = replace(ASKED, fields=((b"Authorization", b"AWS4-HMAC-SHA256 Credential=AKIA"),))

    assert signed(aws)
    assert aim(aws, "gpt-4o", target(), ENVIRONMENT) is None
    assert aim(gzipped, "gpt-4o", rename, ENVIRONMENT) is None
    assert aim(replace(ASKED, body=b"--form"), "gpt-4o", rename, ENVIRONMENT) is None
    assert aim(replace(ASKED, body=b'{"model":"gpt-4o","a":Infinity}'), "gpt-4o", rename, ENVIRONMENT) is None
    assert aimed({"models": {"gpt-4o": "x"}}, replace(ASKED, body=b'{"a": 1}')).body == b'{"a": 1}'
    assert aim(replace(ASKED, body=b'{"a":1}'), "x", target(path="/m/{model}:{verb}"), ENVIRONMENT) is None


def test_headers_and_http2() -> None:
    """A target's own headers take the place of the client's; over HTTP/2 the authority names the host."""
    found = aimed(
        {"headers": {"X-Kept": "2", "X-New": "3"}, "host": "other.example:8443"}, replace(ASKED, authority="a")
    )

    assert (found.authority, found.port) == ("other.example:8443", 8443)
    assert found.fields[-2:] == ((b"x-kept", b"2"), (b"x-new", b"3"))
    assert (b"X-Kept", b"1") not in found.fields


@pytest.mark.parametrize(
    ("host", "scheme", "port"),
    [
        ("other.example", "https", 443),
        ("http://other.example", "http", 80),
        ("http://other.example:8000", "http", 8000),
    ],
)
def test_with_and_without_tls(host: str, scheme: str, port: int) -> None:
    """A target that speaks plain HTTP is asked so, and hears its name without the scheme."""
    found = aimed({"host": host}, replace(ASKED, authority="a"))

    assert (found.scheme, found.host, found.port) == (scheme, "other.example", port)
    assert found.authority == host.removeprefix("http://")


@given(
    st.dictionaries(
        st.text(), st.none() | st.integers() | st.text() | st.lists(st.floats(allow_nan=False, allow_infinity=False))
    )
)
def test_only_the_model_changes(members: dict[str, object]) -> None:
    """Whatever else a body holds arrives as it was."""
    body = json.dumps({**members, "model": "gpt-4o"}).encode()

    found = aim(
        replace(ASKED, body=body),
        "gpt-4o",
        Target.model_construct(host="other.example", key_env="OTHER_KEY", models={"gpt-4o": "theirs"}),
        ENVIRONMENT,
    )
    assert found is not None
    assert json.loads(found.body) == {**members, "model": "theirs"}

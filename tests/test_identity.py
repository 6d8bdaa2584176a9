import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.identity import api_key_id, client, key, without_key

SALT = b"s" * 32
KEY = "sk-proj-0123456789abcdef"
SIGNED_URL = b"bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F20261120&X=1"


def basic(user: str, password: str = "") -> str:
    """A value of the header of HTTP's own authentication."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def jwt(signature: str = "s", **claims: Any) -> str:
    """A token with claims, valid for an hour unless they say otherwise."""
    parts = ({"alg": "RS256"}, {"iat": 1_700_000_000, "exp": 1_700_003_600, **claims})
    return ".".join([*(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), signature])


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": f"Bearer {KEY}"}, ""),
        ({"authorization": f"bearer  {KEY} "}, ""),
        ({"authorization": f"Token {KEY}"}, ""),
        ({"authorization": f"Key {KEY}"}, ""),
        ({"authorization": f"Api-Key {KEY}"}, ""),
        ({"authorization": KEY}, ""),
        ({"authorization": basic(KEY)}, ""),
        ({"authorization": basic("api", KEY)}, ""),
        ({"authorization": basic("", KEY)}, ""),
        ({"x-api-key": KEY}, ""),
        ({"api-key": KEY}, ""),
        ({"x-goog-api-key": KEY}, ""),
        ({"xi-api-key": KEY}, ""),
        ({"ocp-apim-subscription-key": KEY}, ""),
        ({"x-portkey-api-key": KEY}, ""),
        ({"x-subscription-token": KEY}, ""),
        ({"cf-aig-authorization": f"Bearer {KEY}"}, ""),
        ({"x-auth-key": KEY}, ""),
        ({"sec-websocket-protocol": f"realtime, openai-insecure-api-key.{KEY}, openai-beta.realtime-v1"}, ""),
        ({"sec-websocket-protocol": f"xai-client-secret.{KEY}"}, ""),
        ({"sec-websocket-protocol": f"token, {KEY}"}, ""),
        ({}, f"alt=sse&key={KEY}"),
        ({}, f"api_key={KEY}"),
        ({}, f"api-key={KEY}"),
        ({}, f"token={KEY}"),
        ({}, f"access_token={KEY}"),
        ({}, f"authorization=Bearer%20{KEY}"),
        ({}, f"subscription-key={KEY}"),
        ({}, f"xi-api-key={KEY}"),
    ],
)
def test_one_key_has_one_id_wherever_it_stands(headers: dict[str, str], query: str) -> None:
    """A key has the same id by every provider's way, and the id shows no more than its last four characters."""

    found = api_key_id(headers, query, SALT)

    assert found == api_key_id({"authorization": KEY}, "", SALT)
    assert found is not None
    assert found.endswith("...cdef")
    assert KEY[:-4] not in found


def test_short_keys_show_nothing() -> None:
    """The last four characters of a short secret would be too much of it."""

    assert "1234" not in (api_key_id({"x-api-key": "pw-1234"}, "", SALT) or "")


def test_ids_depend_on_the_salt() -> None:
    """Without the salt nobody can find the key of an id by trying."""

    assert api_key_id({"x-api-key": KEY}, "", SALT) != api_key_id({"x-api-key": KEY}, "", b"t" * 32)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261121/us-east-1/x, Signature=2"}, ""),
        ({"authorization": "AWS4-ECDSA-P256-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261121/x, Signature=2"}, ""),
        ({"authorization": "HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261121/cn/ark, Signature=2"}, ""),
        ({"authorization": "ACS3-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP,SignedHeaders=x,Signature=2"}, ""),
        ({"authorization": "bce-auth-v1/AKIAABCDEFGHIJKLMNOP/2026-11-20T00:00:00Z/1800/host/abc"}, ""),
        ({}, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F20261120%2Fx&X-Amz-Signature=1"),
        ({"authorization": f"Bearer bedrock-api-key-{b64encode(SIGNED_URL).decode()}"}, ""),
    ],
)
def test_a_signature_names_its_key(headers: dict[str, str], query: str) -> None:
    """A signed request is known by its access key id, which does not change from call to call."""

    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261120/us-east-1/x, Signature=1"}

    assert api_key_id(headers, query, SALT) == api_key_id(signed, "", SALT)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://sts.windows.net/t/", "oid": "1111-2222", "sub": "pairwise"},
        {"iss": "robot@p.iam.gserviceaccount.com", "sub": "robot@p.iam.gserviceaccount.com"},
        {"iss": "https://iam.cloud.ibm.com/identity", "iam_id": "IBMid-1"},
        {"iss": None, "azp": "client-1"},
        {"api_key": "zhipu-id", "iat": None},
    ],
)
def test_a_renewed_token_has_one_id(claims: dict[str, Any]) -> None:
    """A token that is made anew every hour has the id of whom it is for, and no part of the token is in it."""

    first, second = (
        api_key_id({"authorization": f"Bearer {jwt(signature, **claims, jti=signature)}"}, "", SALT)
        for signature in ("first", "second")
    )
    other = {**claims, next(name for name in ("oid", "sub", "iam_id", "azp", "api_key") if name in claims): "another"}

    assert first == second
    assert first != api_key_id({"authorization": f"Bearer {jwt(**other)}"}, "", SALT)


@pytest.mark.parametrize(
    "token",
    [
        jwt(sub="me", exp=None),  # never ends
        jwt(sub="me", exp=1_900_000_000),  # ends in years
        jwt(name="me"),  # is for nobody
        "eyJ.not-json.x",
        "eyJ.é",
        "eyJhbGciOiJSUzI1NiJ9",
        "bedrock-api-key-" + b64encode(b"nothing of a signature").decode(),
    ],
)
def test_any_other_token_is_a_key(token: str) -> None:
    """A token that lasts, or that can't be read, is a key like others."""

    ids = {api_key_id({"x-api-key": f"{token}{end}"}, "", SALT) for end in ("", "1")}

    assert len(ids) == 2


def test_a_copilot_token_is_its_user() -> None:
    """GitHub Copilot's tokens, which live for half an hour, have one id."""

    ids = {api_key_id({"authorization": f"Bearer tid=abc;exp={end};sku=x:{end}"}, "", SALT) for end in (1, 2)}

    assert ids == {api_key_id({"authorization": "tid=abc"}, "", SALT)}


def test_twilio_is_known_by_its_account() -> None:
    """Of a user name and a password it is the name that says who it was, and nothing is hashed of the password."""

    assert key({"authorization": basic("AC0123456789", "secret")}, "") == "AC0123456789"
    assert key({"authorization": "Basic !"}, "") == "!"


@pytest.mark.parametrize("query", ["", "alt=sse", "key=", "key=%20"])
@pytest.mark.parametrize("authorization", [None, "", " "])
def test_no_key_no_id(query: str, authorization: str | None) -> None:
    """A call without a key has no id."""

    headers = {} if authorization is None else {"authorization": authorization}

    assert api_key_id(headers, query, SALT) is None


@given(st.text(), st.text(), st.sampled_from(["authorization", "x-api-key", "sec-websocket-protocol"]))
def test_no_value_is_too_odd(value: str, query: str, name: str) -> None:
    """Whatever a header or a query holds, there is an id or none."""

    for prefix in ("", "Basic ", "Bearer eyJ.", "Bearer bedrock-api-key-", "token, ", "X-Amz-Credential="):
        api_key_id({name: prefix + value}, prefix + query, SALT)


def test_client_is_the_product_of_the_user_agent() -> None:
    """The first product names the client."""

    assert client({"user-agent": "claude-cli/2.1.197 (external, cli)"}) == "claude-cli/2.1.197"
    assert client({}) is None


def test_a_query_without_its_key() -> None:
    """Parameters that hold a key, or sign one request, are left out; the rest stays as it is."""

    assert without_key("alt=sse&Key=secret&a=%20&X-Amz-Signature=1&api_key=s") == "alt=sse&a=%20"
    assert without_key("") == ""

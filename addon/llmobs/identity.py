"""Who made a call, without keeping a secret: key ids, and the client's product name.

It does not know HTTP libraries; headers come by their names in small letters.
"""

import hashlib
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import msgspec

# Where providers look for the key; the first that is there counts.
_KEY_HEADERS = (
    "x-api-key",  # Anthropic, and many that follow it
    "api-key",  # Azure, Pinecone
    "x-goog-api-key",
    "xi-api-key",  # ElevenLabs
    "ocp-apim-subscription-key",  # Azure's API management and speech
    "x-portkey-api-key",
    "x-subscription-token",  # Brave
    "authorization",
    "cf-aig-authorization",  # Cloudflare's gateway, where the provider's own key is stored there
    "x-auth-key",  # Cloudflare
)
_KEY_PARAMETERS = (
    "X-Amz-Credential", "key", "api_key", "apikey", "api-key", "access_token", "xi-api-key", "token", "authorization",
    "subscription-key",
)  # fmt: skip
_IN_QUERY = frozenset(name.lower() for name in _KEY_PARAMETERS)
# Amazon's presigned URLs differ each time.
_PRESIGNED = "x-amz-"
# Where a browser can set no other header: `openai-insecure-api-key.KEY`; `token, KEY` of Deepgram.
_SUBPROTOCOL = re.compile(
    r"(?:^|[,\s])(?:openai-insecure-api-key|xai-client-secret)\.([^\s,]+)|^\s*(?:token|bearer)\s*,\s*([^\s,]+)"
)
# Signatures name the key: of AWS `Credential=KEY/20261120/...`, alike at Volcengine and Tencent; `bce-auth-v1/KEY/...`.
_SIGNED = re.compile(r"Credential=([^/,\s]+)|^bce-auth-v1/([^/\s]+)/")
# User names that stand for nobody where the password is the key.
_NOBODY = frozenset({"", "api", "api_key", "apikey", "key", "token", "user", "x", "bearer"})
# The last four characters of a shorter secret would give away too much of it.
_SHOWABLE = 16
_KEY_ID = re.compile(r"[0-9a-f]{12}(?:\.\.\..{4})?")


def api_key_id(headers: Mapping[str, str], query: str, salt: bytes) -> str | None:
    """`<12 hex digits>...<last four>` of the key a call was made with; None where it carried none."""
    carried = key(headers, query)
    if not carried:
        return None
    found = _lasting(carried)
    digest = hashlib.blake2b(found.encode("utf-8", "surrogateescape"), key=salt, digest_size=6).hexdigest()
    return f"{digest}...{found[-4:]}" if len(found) >= _SHOWABLE else digest


def is_key_id(text: str) -> bool:
    """Whether a text has the form of what `api_key_id` returns."""
    return _KEY_ID.fullmatch(text) is not None


def key(headers: Mapping[str, str], query: str) -> str | None:
    """The key itself, which nothing may store; None where there is none."""
    for name in _KEY_HEADERS:
        if name in headers and (found := headers[name].strip()):
            return _of_header(found)
    if query and (asked := _of_query(query)):
        return asked
    offered = _SUBPROTOCOL.search(headers.get("sec-websocket-protocol", ""))
    return (offered[1] or offered[2]) if offered else None


def without_key(query: str) -> str:
    """A query string without the parameters that hold a key, or that sign this one request."""
    return "&".join(part for part in query.split("&") if not _is_secret(part.partition("=")[0].lower()))


def _is_secret(name: str) -> bool:
    return name in _IN_QUERY or name.startswith(_PRESIGNED)


def client(headers: Mapping[str, str]) -> str | None:
    """The product of the User-Agent, such as `claude-cli/2.1.197`."""
    agent = headers.get("user-agent", "").split(maxsplit=1)
    return agent[0][:100] if agent else None


def _of_header(value: str) -> str:
    """The key in a header's value: alone, behind a scheme (`Bearer`, `Token`, `Key`, `Api-Key`), or within."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "basic":
        return _of_basic(rest.strip()) or rest.strip()
    if signed := _SIGNED.search(value):
        return signed[1] or signed[2]
    return value.rsplit(maxsplit=1)[-1]


def _of_basic(encoded: str) -> str:
    """The user, which is the key at Stripe and the account at Twilio; the password where it stands for nobody."""
    try:
        user, _, password = b64decode(encoded).decode("utf-8", "replace").partition(":")
    except ValueError:
        return ""
    return password if user.lower() in _NOBODY else user


def _of_query(query: str) -> str | None:
    parameters = parse_qs(query)
    found = next((parameters[name][0] for name in _KEY_PARAMETERS if name in parameters), None)
    if not found or found.isspace():
        return None
    return found.partition("/")[0] if "X-Amz-Credential" in parameters else found.rsplit(maxsplit=1)[-1]


class _Claims(msgspec.Struct):
    """The claims of a JWT that stay the same from one token of somebody to the next."""

    exp: object = None
    iat: object = None
    iss: object = None
    oid: object = None
    sub: object = None
    iam_id: object = None
    azp: object = None
    appid: object = None
    client_id: object = None
    email: object = None
    api_key: object = None


_SUBJECTS = ("oid", "sub", "iam_id", "azp", "appid", "client_id", "email", "api_key")
# Some providers make keys that are tokens: these live for years, and one user may have several.
_LASTS_SECONDS = 31 * 86_400
_CLAIMS = msgspec.json.Decoder(_Claims)


def _of_jwt(token: str) -> str | None:
    """Issuer and subject of a token of Azure, Google, IBM, Snowflake ..., which is another one every hour."""
    claims = _CLAIMS.decode(_decoded(token.split(".")[1]))
    if not isinstance(claims.exp, int | float) or claims.exp - _number(claims.iat, claims.exp) > _LASTS_SECONDS:
        return None
    subjects = (getattr(claims, name) for name in _SUBJECTS)
    subject = next((found for found in subjects if isinstance(found, str) and found), None)
    return f"{claims.iss or ''} {subject}" if subject else None


def _number(found: object, otherwise: float) -> float:
    return found if isinstance(found, int | float) else otherwise


def _of_bedrock(token: str) -> str | None:
    """The access key that signs a short-lived key of Bedrock, which is a URL."""
    signed = re.search(rb"X-Amz-Credential=([A-Z0-9]+)", _decoded(token.removeprefix("bedrock-api-key-")))
    return signed[1].decode() if signed else None


def _of_copilot(token: str) -> str | None:
    """The user of a token of GitHub Copilot, which is another one every half hour."""
    return token.partition(";")[0]


# How tokens begin that are made anew again and again, and what in them lasts.
_RENEWED: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("eyJ", _of_jwt),
    ("bedrock-api-key-", _of_bedrock),
    ("tid=", _of_copilot),
)

_RENEWED_BEGIN = tuple(begins for begins, _ in _RENEWED)


def _lasting(found: str) -> str:
    """What of a key stays the same when it is renewed; all of one that can't be read."""
    for begins, read in _RENEWED if found.startswith(_RENEWED_BEGIN) else ():
        if found.startswith(begins):
            try:
                return read(found) or found
            except (msgspec.DecodeError, ValueError, IndexError):
                return found
    return found


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))

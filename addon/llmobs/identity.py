"""Who made a call, without keeping a secret: key ids, the client's product name, and our own attribution headers.

It does not know HTTP libraries; headers come by their names in small letters.
"""

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

# Where providers look for the key; the first that is there counts.
_KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key", "xi-api-key", "authorization")
_KEY_PARAMETERS = ("key", "api_key", "access_token")
_AWS_KEY = re.compile(r"Credential=([A-Z0-9]+)/")
# The last four characters of a shorter secret would give away too much of it.
_SHOWABLE = 16


def api_key_id(headers: Mapping[str, str], query: str, salt: bytes) -> str | None:
    """`<12 hex digits>...<last four>` of the key a call was made with; None where it carried none."""
    found = key(headers, query)
    if not found:
        return None
    digest = hashlib.blake2b(found.encode("utf-8", "surrogateescape"), key=salt, digest_size=6).hexdigest()
    return f"{digest}...{found[-4:]}" if len(found) >= _SHOWABLE else digest


def key(headers: Mapping[str, str], query: str) -> str | None:
    """The key itself, which nothing may store; None where there is none."""
    for name in _KEY_HEADERS:
        if found := headers.get(name, "").strip():
            aws = _AWS_KEY.search(found)
            return aws[1] if aws else found.split()[-1]
    parameters = parse_qs(query)
    return next((parameters[name][0] for name in _KEY_PARAMETERS if name in parameters), None)


def client(headers: Mapping[str, str]) -> str | None:
    """The product of the User-Agent, such as `claude-cli/2.1.197`."""
    agent = headers.get("user-agent", "").split(maxsplit=1)
    return agent[0][:100] if agent else None

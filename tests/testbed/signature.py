"""AWS Signature Version 4, computed again from what arrived; it does not know the client that signed.

Source: the AWS IAM user guide, "Create a signed AWS API request".
"""

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import quote

_PARTS = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/(\S+), SignedHeaders=(\S+), Signature=(\w+)")


def is_sound(entry: dict[str, Any], secret: str) -> bool:
    """Whether a journal entry's request is the one that was signed with the secret, byte for byte."""
    headers = {name.lower(): " ".join(value.split()) for name, value in entry["headers"]}
    found = _PARTS.fullmatch(headers.get("authorization", ""))
    if found is None:
        return False
    scope, signed, signature = found.groups()
    body = hashlib.sha256(entry["body"].encode("latin-1")).hexdigest()
    path, _, query = entry["target"].partition("?")
    lines = [f"{name}:{headers[name]}" for name in signed.split(";")]
    canonical = "\n".join([entry["method"], quote(path, safe="/~"), query, *lines, "", signed, body])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)

"""Keys, tokens and passwords in texts, by the shapes that their issuers give them; it does not know whose text it is.

Sources: the issuers' documentation of their prefixes, RFC 7519 (JWT), RFC 6750 (Bearer), RFC 7468 (PEM).
"""

import re
from collections.abc import Iterator

from llmobs.content.scrub import Finder, Span

SECRET = "SECRET"  # noqa: S105 - what a secret is replaced by

# Whatever follows a prefix as long as it may belong to it: what is shorter than a real key goes as well.
_WORDED = (
    r"sk-[\w-]{12,}",  # OpenAI, Anthropic, OpenRouter, DeepSeek, LangSmith's older keys ...
    r"(?:gsk|xai|pplx|fw|tgp_v1|nvapi|hf|r8|pcsk|tvly|jina|voyage|pa|csk|ant)[_-][\w-]{16,}",
    r"gl(?:pat|dt|rt|ptt|cbt)-[\w-]{16,}",
    r"(?:sk|rk|pk|whsec)_(?:live|test)?_?\w{12,}",  # Stripe
    r"SG\.[\w-]{12,}\.[\w-]{12,}",  # SendGrid
    r"(?:AC|SK)[0-9a-f]{32}",  # Twilio
    r"npm_\w{20,}|pypi-[\w-]{16,}|dop_v1_[0-9a-f]{16,}|shpat_[0-9a-f]{16,}|lsv2_\w{16,}|dapi[0-9a-f]{32}",
)
# Nothing else looks like these, whatever stands before them.
_ALONE = (
    r"sk-(?:ant|proj|or|svcacct|admin)-[\w-]{12,}",
    r"AIza[\w-]{20,}",  # Google
    r"ya29\.[\w.-]{20,}",  # Google OAuth
    r"GOCSPX-[\w-]{16,}",
    r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}",  # AWS
    r"ABSK[A-Za-z0-9+/=]{20,}",  # Bedrock
    r"gh[opurs]_\w{16,}|github_pat_\w{16,}",
    r"xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}",  # Slack
    r"https://hooks\.slack\.com/services/[\w/]+",
    r"eyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?",  # JWT
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----END)[\s\S]){0,8192}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?",
)
# A word begins here, or behind an escape of JSON or of a URL within the text.
_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9a-fA-F]{2}))"
_SHAPE = re.compile(rf"{'|'.join(_ALONE)}|{_BEGIN}(?:{'|'.join(_WORDED)})", re.ASCII)
# What stands beside the word that says that it is secret; the word stays.
_NAMED = re.compile(
    r"(?i)\b(?:bearer|basic)\s+([\w.~+/=-]{12,})"
    r"|(?:api[_-]?key|secret[_-]?(?:access[_-]?)?key|access[_-]?token|auth[_-]?token|client[_-]?secret|password|passwd)"
    r"[\"']?\s*[:=]\s*[\"']?([^\s\"',;&]{6,})"
    r"|://[^\s/:@]{1,64}:([^\s/@]{3,256})@"
)


def shaped(text: str) -> Iterator[Span]:
    """Keys that are told by their shape, and what is named a secret."""
    for match in _SHAPE.finditer(text):
        yield Span(*match.span(), SECRET)
    for match in _NAMED.finditer(text):
        yield Span(*match.span(match.lastindex or 0), SECRET)


def exactly(secret: str) -> Finder:
    """A finder of one secret that is known."""
    pattern = re.compile(re.escape(secret))

    def find(text: str) -> Iterator[Span]:
        return (Span(*match.span(), SECRET) for match in pattern.finditer(text))

    return find

"""What went wrong, in the provider's words, and whether it pays to try again: tables of statuses and words.

It does not know attempts, headers or prices.
"""

import re

from llmobs.answer import Members, heads
from llmobs.event import Outcome

# An error type is an identifier; free text may quote a prompt or a key, and none of it is stored.
_IDENTIFIER = re.compile(r"[\w.:/-]{1,64}")
# Where a refusal may name its type that is of no known dialect, or does not follow it; flat, or below a member.
_ANYWHERE = (
    "error.type", "error.code", "error.status", "error_type", "error_code", "errorCode", "err_code", "__type", "code",
    "type", "status", "title", "detail.status", "detail.code", "detail.type", "errors[].code",
)  # fmt: skip
# What says no more than that there is an error.
ERROR = "error"
_EMPTY = frozenset({ERROR, "about:blank"})
FAILED, SERVER_ERROR, TOO_MANY = 400, 500, 429
# What an attempt is called that we gave up for its slowness, before the word of the rule.
TIMED_OUT = "timeout_"
TRANSIENT, USER, SYSTEM = "transient", "user", "system"

# Whose status says that the same request may succeed later; 520 to 524 are Cloudflare's, 529 is Anthropic's.
_LATER = frozenset({408, 409, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529})
# Words in small letters without what separates them: `RESOURCE_EXHAUSTED` and `ResourceExhausted` are one.
_MONEY = frozenset({
    "insufficientquota", "insufficientbalance", "insufficientcredits", "billinghardlimitreached", "billingnotactive",
    "billingerror", "accessterminated", "accountdeactivated", "paymentrequired", "enforcedspendlimitreached",
    "exceededcurrentquotaerror", "budgetexceeded",
})  # fmt: skip
_PASSING = frozenset({
    "overloadederror", "overloaded", "serverisoverloaded", "engineoverloaded", "engineoverloadederror", "slowdown",
    "ratelimiterror", "ratelimitexceeded", "ratelimitreached", "ratelimited", "toomanyrequests",
    "toomanyrequestsexception", "throttlingexception", "throttling", "throttled", "modelnotreadyexception",
    "modeltimeoutexception", "modelstreamerrorexception", "serviceunavailableexception", "serviceunavailable",
    "serviceunavailableerror", "resourceexhausted", "unavailable", "deadlineexceeded", "aborted", "capacityexceeded",
    "timeout", "timeouterror", "requesttimeout", "gatewaytimeout", "badgateway", "connectionerror", "grpc4", "grpc8",
    "grpc10", "grpc14", "grpc1",
})  # fmt: skip
_THEIRS = frozenset({
    "invalidrequesterror", "authenticationerror", "permissionerror", "notfounderror", "requesttoolarge",
    "contextlengthexceeded", "contentfilter", "contentpolicyviolation", "responsibleaipolicyviolation", "invalidprompt",
    "invalidapikey", "modelnotfound", "validationexception", "accessdeniedexception", "resourcenotfoundexception",
    "servicequotaexceededexception", "invalidargument", "failedprecondition", "outofrange", "unauthenticated",
    "permissiondenied", "notfound", "alreadyexists", "unprocessableentity", "toolusefailed",
    "badrequest", "cybersecuritypolicy", "grpc3", "grpc5", "grpc6", "grpc7", "grpc9", "grpc11", "grpc16",
})  # fmt: skip
# Work that was called off failed by nobody's fault.
_CALLED_OFF = frozenset({"cancelled", "canceled"})
_SEPARATORS = re.compile(r"[\W_]+")


def told(answers: list[Members], paths: tuple[str, ...]) -> tuple[str, ...]:
    """The words for an error at the paths of a dialect, `error` where it has none; nothing where nothing failed."""
    if not any(answer.raw(member) for answer in answers for member in heads(paths)):
        return ()
    for answer in answers:
        if answer.find("error") or answer.find("type") == ERROR:
            return _words(answer, paths) or (ERROR,)
    return ()


def refused(message: bytes) -> tuple[str, ...]:
    """The words in the body of a refusal, wherever it has them; those that are more than a number first."""
    words = [word for word in _words(Members(message), _ANYWHERE) if word not in _EMPTY]
    return tuple(sorted(dict.fromkeys(words), key=str.isdecimal))


def word(text: str) -> str | None:
    """A text where it is a word that may be stored."""
    return text if _IDENTIFIER.fullmatch(text) else None


def _words(answer: Members, paths: tuple[str, ...]) -> tuple[str, ...]:
    found = (answer.find(path) for path in paths)
    texts = (str(word).rpartition("#")[2] for word in found if isinstance(word, str | int))
    return tuple(text for text in texts if _IDENTIFIER.fullmatch(text))


def error_class(outcome: Outcome, status: int | None, words: tuple[str, ...]) -> str | None:
    """Whether to repeat the request, to change it, or neither; None where nothing failed, or somebody left."""
    if outcome is Outcome.UPSTREAM_ABORTED or any(word.startswith(TIMED_OUT) for word in words):
        return TRANSIENT
    if outcome is not Outcome.ERROR and not (outcome is Outcome.OK and words):
        return None
    plain = {_SEPARATORS.sub("", word.lower()) for word in words}
    if not _MONEY.isdisjoint(plain):
        return USER
    if status in _LATER or not _PASSING.isdisjoint(plain):
        return TRANSIENT
    if status is not None and status >= FAILED:
        return USER if status < SERVER_ERROR else SYSTEM
    if not _CALLED_OFF.isdisjoint(plain):
        return None
    return USER if not _THEIRS.isdisjoint(plain) else SYSTEM


def may_be_billed(status: int | None) -> bool:
    """Whether a refusal is of a kind that any provider bills: never for its own failure, nor for too many requests."""
    return status is not None and FAILED <= status < SERVER_ERROR and status != TOO_MANY

"""What a request says of itself: our own headers, W3C baggage and trace context; it does not know connections."""

import re
from collections.abc import Iterable, Mapping

from llmobs.attribution.pairs import members, moment, paired, pairs, plain
from llmobs.attribution.said import COLUMNS, NOTHING, Attribution, Draft

# `X-LLMObserve-Customer-ID`; `llmobserve.customer_id`, `llmobserve.tag.team`.
HEADER, MEMBER, TAG = "x-llmobserve-", "llmobserve.", "tag."

_WORDS = frozenset(COLUMNS)
# https://www.w3.org/TR/trace-context/#traceparent-header; later versions may say more behind a dash.
_IDS = "(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}"
_TRACEPARENT = re.compile(rf"00-{_IDS}|(?!00|ff)[0-9a-f]{{2}}-{_IDS}(?:-.*)?")


def of_headers(ours: Mapping[str, str]) -> Attribution:
    """What our own headers say; the names of `ours` begin with HEADER."""
    draft = Draft()
    for name, value in ours.items():
        word = name[len(HEADER) :].replace("-", "_")
        if word == "tags":
            _tags(draft, value, name)
        else:
            _word(draft, word, plain(value), name)
    return draft.done()


def _tags(draft: Draft, value: str, name: str) -> None:
    """All tags of a header; where a part of it can't be read, the others are there all the same."""
    is_json = value.lstrip().startswith("{")
    told = members(value) if is_json else list(pairs(value))
    for tag in told or ():
        draft.tag(*tag)
    if told is None or not (is_json or paired(value)):
        draft.unknown.append(name)


def of_baggage(ours: Iterable[str]) -> Attribution:
    """What members of baggage say that are ours; their properties say nothing."""
    draft = Draft()
    for member in ours:
        name, _, value = member.partition(";")[0].partition("=")
        word = plain(name.strip())[len(MEMBER) :]
        if word.startswith(TAG):
            draft.tag(word[len(TAG) :], plain(value))
        else:
            _word(draft, word, plain(value), MEMBER + word)
    return draft.done()


def _word(draft: Draft, word: str, value: str, name: str) -> None:
    if word in _WORDS:
        draft.put(word, value, name)
    elif word == "timestamp":
        draft.sent_at = moment(value)
        if draft.sent_at is None and value.strip():
            draft.unknown.append(name)
    else:
        draft.unknown.append(name)


def of_trace(traceparent: str) -> Attribution:
    """The trace and the calling span of a `traceparent`; a malformed one says nothing."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    if found is None:
        return NOTHING
    return Attribution({"trace_id": found[1] or found[3], "span_id": found[2] or found[4]})


def split_baggage(value: str) -> tuple[list[str], str | None]:
    """Our members of a `baggage` header, and the others as they came; None where nothing is left."""
    every = value.split(",")
    ours = [member for member in every if _is_ours(member)]
    if not ours:
        return [], value
    others = ",".join(member for member in every if not _is_ours(member)).strip()
    return ours, others or None


def _is_ours(member: str) -> bool:
    return member.lstrip().lower().startswith(MEMBER)

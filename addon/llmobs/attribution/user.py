"""What a proxy user name says of all calls of a program: `ann;customer=acme;run=nightly`; it knows no passwords."""

from functools import lru_cache
from urllib.parse import unquote

from llmobs.attribution.pairs import SEPARATORS, pairs
from llmobs.attribution.said import COLUMNS, Attribution, Draft

# The tag that the user becomes who is no pair.
USER = "user"
# Programs that are told apart by their user names at the same time; to read one again is no harm.
_PROGRAMS = 256
# A header is longer at most where somebody tries something; what is no name is not worth to be remembered.
_NAME_CHARACTERS = 4096

# Any other word is a tag.
_WORDS = {name: name for name in COLUMNS} | {
    "customer": "customer_id",
    "run": "run_id",
    "experiment": "experiment_id",
    "variant": "variant_id",
    "trace": "trace_id",
    "span": "span_id",
    "parent_span": "parent_span_id",
}


def of_user(name: str) -> Attribution:
    """What a proxy user name says, in pairs; one without pairs is the user."""
    return _read(name[:_NAME_CHARACTERS])


@lru_cache(_PROGRAMS)
def _read(name: str) -> Attribution:
    draft = Draft()
    for key, value in pairs(_decoded(name)):
        word = key.lower().replace("-", "_")
        if word in _WORDS:
            draft.put(_WORDS[word], value, word)
        else:
            draft.tag(key, value)
    draft.tag(USER, real_user(name))
    return draft.done()


def real_user(name: str) -> str:
    """Who has to be authenticated: the whole name, or of one with pairs the first part that is none, else nobody."""
    decoded = _decoded(name)
    if "=" not in decoded:
        return name
    return next((part.strip() for part in SEPARATORS.split(decoded) if "=" not in part), "")


def _decoded(name: str) -> str:
    """Some clients send it as it stands in the URL, its separators encoded."""
    return unquote(name) if "=" not in name else name

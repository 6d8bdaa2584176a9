"""What response headers tell of a provider's rate limits, by a table, as one object of windows.

It does not know whom the limits concern, nor what to do about them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from llmobs.limits.resets import moment, number, wait

type Figure = int | float | str | datetime
# Figures of each window by their names, such as `{"requests": {"limit": 500, "remaining": 12}}`; what is told of the
# answer as a whole (`retry_after_s`) stands beside the windows.
type Limits = dict[str, dict[str, Figure] | float]

RETRY_AFTER = "retry_after_s"
_WORD = re.compile(r"[\w.:/-]{1,64}")
# Google says in the body of a refusal when to come back.
_RETRY_INFO = re.compile(rb'"retryDelay"\s*:\s*"([0-9.]{1,20})s"')
# One item of the IETF's structured fields: its name, then parameters; and the older form without a name.
_ITEM = re.compile(r"(?:\"([^\"]{0,64})\"|([\w.-]{1,64}))\s*((?:;\s*[\w-]+\s*=\s*\"?[\w.-]+\"?\s*)*)(?:,|;|$)")
_PARAMETER = re.compile(r"([\w-]+)\s*=\s*\"?([\w.-]+)\"?")


# Parsers of a value, which may need to know when it was told.
type _Parse = Callable[[str, float], Figure | None]
# The name of a figure, and its parser.
type _Field = tuple[str, _Parse]
type _Told = list[tuple[str, str, Figure | None]]
# The window and the figure that a header tells; or, where it tells several of them, a parser that names them.
type _Place = tuple[str, str, Callable[[str, float], Figure | _Told | None]]


def _number(text: str, _: float) -> Figure | None:
    return number(text)


def _word(text: str, _: float) -> Figure | None:
    return text if _WORD.fullmatch(text) else None


def _minutes(text: str, _: float) -> Figure | None:
    told = number(text)
    return None if told is None else told * 60


_FIELDS: dict[str, _Field] = {
    "limit": ("limit", _number),
    "remaining": ("remaining", _number),
    "reset": ("reset_at", moment),
    "used": ("used", _number),
    "renewalperiod": ("window_s", _number),
    "query-cost": ("cost", _number),
    "status": ("status", _word),
    "utilization": ("utilization", _number),
    "used-percent": ("used_percent", _number),
    "window-minutes": ("window_s", _minutes),
    "reset-after-seconds": ("reset_at", moment),
    "reset-at": ("reset_at", moment),
}
_OF = "limit|remaining|reset|used|renewalperiod"
# Names of headers, with what they are about (`window`) and what they tell of it (`field`). The first that fits counts.
_NAMES = tuple(
    (re.compile(pattern), prefix)
    for pattern, prefix in (
        # OpenAI, Azure, Groq, Mistral, Fireworks, Cerebras, Together, OpenRouter, GitHub ...
        (rf"x-rate-?limit-(?P<field>{_OF})(?:-(?P<window>.+))?", ""),
        (rf"x-rate-?limit-(?P<window>.+)-(?P<field>query-cost|{_OF})", ""),
        (r"anthropic-ratelimit-(?P<window>.+)-(?P<field>limit|remaining|reset|status|utilization)", ""),
        (r"anthropic-ratelimit-(?P<window>unified)-(?P<field>limit|remaining|reset|status)", ""),
        # tiers that have limits of their own
        (r"anthropic-(?P<window>(?:priority|fast)-.+)-(?P<field>limit|remaining|reset)", ""),
        # Replicate, and drafts of the IETF
        (r"ratelimit-(?P<field>limit|remaining|reset)", ""),
        # Mistral, formerly
        (r"(?:x-)?ratelimitbysize-(?P<field>limit|remaining|reset|query-cost)(?:-(?P<window>.+))?", "size"),
        (r"x-tokenlimit-(?P<field>limit|remaining|reset)(?:-(?P<window>.+))?", "tokens"),
        # Codex with a ChatGPT login
        (
            r"x-codex-(?P<window>primary|secondary)-(?P<field>used-percent|window-minutes|reset-after-seconds|reset-at)",
            "codex",
        ),
    )
)
_EXACT = {
    # Cohere
    "x-endpoint-monthly-call-limit": ("calls_month", "limit"),
    "x-trial-endpoint-call-limit": ("trial_calls", "limit"),
    "x-trial-endpoint-call-remaining": ("trial_calls", "remaining"),
    # ElevenLabs, Twilio
    "maximum-concurrent-requests": ("concurrent_requests", "limit"),
    "current-concurrent-requests": ("concurrent_requests", "used"),
    "twilio-concurrent-requests": ("concurrent_requests", "used"),
}
# When to come back, the most exact first, and how many of its units are a second.
_WAITS = (
    ("retry-after-ms", 1000),
    ("x-ms-retry-after-ms", 1000),
    ("retry-after", 1),
    ("x-ratelimit-user-retry-after", 1),
)
# Headers that tell several figures at once: names of their parameters, and what these are called here.
_STRUCTURED: dict[str, dict[str, _Field]] = {
    "ratelimit": {
        "r": _FIELDS["remaining"],
        "t": _FIELDS["reset"],
        "limit": _FIELDS["limit"],
        "remaining": _FIELDS["remaining"],
        "reset": _FIELDS["reset"],
    },
    "ratelimit-policy": {"q": _FIELDS["limit"], "w": _FIELDS["renewalperiod"]},
}
# GitHub Copilot's plans: `ent=300&rem=97.2&rst=2026-12-01T00:00:00Z`, one header for each.
_QUOTA = "x-quota-snapshot-"
_QUOTA_FIELDS: dict[str, _Field] = {
    "ent": _FIELDS["limit"],
    "rem": ("remaining_percent", _number),
    "rst": _FIELDS["reset"],
}


def read(headers: Mapping[str, str], at: float) -> Limits:
    """What the headers of an answer, by names in small letters, tell at a time in seconds since 1970."""
    found: Limits = {}
    for name in headers:
        if name not in _OTHERS and (place := _place(name)) is not None:
            window, column, parse = place
            told = parse(headers[name], at)
            if isinstance(told, list):
                for figures in told:
                    _add(found, *figures)
            else:
                _add(found, window, column, told)
    if (seconds := retry_after(headers, at)) is not None:
        found[RETRY_AFTER] = seconds
    return found


def retry_after(headers: Mapping[str, str], at: float) -> float | None:
    """The seconds after which a provider wants to be asked again; None where it does not say."""
    for name, per in _WAITS:
        if name in headers and (told := wait(headers[name], at)) is not None:
            return round(told / per, 6)
    return None


def retry_delay(refusal: bytes) -> float | None:
    """How long to wait, as Google's refusals say in their body."""
    found = _RETRY_INFO.search(refusal)
    return number(found[1].decode()) if found else None


def _add(found: Limits, window: str, column: str, figure: Figure | None) -> None:
    if figure is not None and isinstance(known := found.setdefault(window, {}), dict):
        known.setdefault(column, figure)


# Names of headers as they were met, so that each is looked into once.
_PLACES: dict[str, _Place] = {}
_OTHERS: set[str] = set()
# Far more names than servers have; one that makes up names does not fill the memory.
_KNOWN_NAMES = 4096


def _place(name: str) -> _Place | None:
    """How a header of this name is read; None for nearly all names, which are not looked at again."""
    place = _PLACES.get(name) or _find(name)
    if len(_PLACES) + len(_OTHERS) < _KNOWN_NAMES:
        if place is None:
            _OTHERS.add(name)
        else:
            _PLACES[name] = place
    return place


def _find(name: str) -> _Place | None:
    if name in _STRUCTURED:
        names = _STRUCTURED[name]
        return "", "", lambda text, at: _structured(text, at, names)
    if name.startswith(_QUOTA):
        window = _window(f"quota-{name.removeprefix(_QUOTA)}")
        return "", "", lambda text, at: _figures(window, parse_qsl(text), at, _QUOTA_FIELDS)
    window, field = _EXACT.get(name) or _named(name)
    return (window, *_FIELDS[field]) if field in _FIELDS else None


def _named(name: str) -> tuple[str, str]:
    for pattern, prefix in _NAMES:
        if found := pattern.fullmatch(name):
            told = found.groupdict()
            return _window("-".join(filter(None, (prefix, told.get("window"))))), told["field"]
    return "", ""


def _window(told: str) -> str:
    """What a window is called here; requests are what a provider counts that does not say what."""
    parts = re.split(r"[^a-z0-9]+", told.lower())
    return "_".join("requests" if part == "req" else part for part in parts if part) or "requests"


def _structured(text: str, at: float, names: Mapping[str, _Field]) -> _Told:
    """A list of the IETF's: `"burst";r=5;t=30`, formerly `limit=10, remaining=5, reset=30`."""
    if "=" in text.partition(";")[0]:
        return _figures(_window(""), _PARAMETER.findall(text), at, names)
    told: _Told = []
    for quoted, token, parameters in _ITEM.findall(text):
        window = _window(quoted or ("" if token.isdecimal() else token))
        if token.isdecimal():
            told.append((window, "limit", int(token)))
        told += _figures(window, _PARAMETER.findall(parameters), at, names)
    return told


def _figures(window: str, told: Iterable[tuple[str, str]], at: float, names: Mapping[str, _Field]) -> _Told:
    fields = ((names[name], text) for name, text in told if name in names)
    return [(window, column, parse(text, at)) for (column, parse), text in fields]

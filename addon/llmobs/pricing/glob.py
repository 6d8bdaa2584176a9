"""Patterns of a price file: hosts, URL paths, model names and regions; it does not know what they lead to."""

import re
from fnmatch import fnmatchcase
from functools import cache

from llmobs.config.value import text, wrong

HTTPS = 443

_PATH_PART = re.compile(r"(\*\*|\*|\{[^}]*\}?)")
MODEL = "{model}"
# A name that holds slashes, as those of Hugging Face do.
LONG_MODEL = "{model**}"
_CAPTURED = (MODEL, LONG_MODEL, "{id}")
_REGION = "{region}"
_HOST = re.compile(r"(?:\[[0-9a-f:]+\]|[a-z0-9_*?-]+(?:\.[a-z0-9_*?-]+)*)(?::(?:[0-9]{1,5}|\*))?")


def matches(pattern: str, name: str) -> bool:
    """True where a name fits a pattern in which * stands for anything; both are compared without case."""
    return fnmatchcase(name.casefold(), pattern.casefold())


def without(prefix: str, name: str) -> str:
    """A name in small letters without a prefix, in which * stands for anything up to what follows it."""
    found = _regex(prefix).match(name)
    return name[found.end() :] if found else name


def renamed(pattern: str, target: str, name: str) -> str | None:
    """What a name in small letters becomes; a * of the target is what the last * of the pattern stands for."""
    found = _regex(pattern).fullmatch(name)
    if found is None:
        return None
    return target.replace("*", found[found.re.groups]) if found.re.groups else target


def is_glob(name: str) -> bool:
    """True where a name is a pattern."""
    return "*" in name or "?" in name or _REGION in name


def endpoint(host: str, port: int) -> str:
    """A host as price files write it: lower case, the port only where it is not 443."""
    plain = host.rstrip(".").casefold()
    shown = f"[{plain}]" if ":" in plain and not plain.startswith("[") else plain
    return shown if port == HTTPS else f"{shown}:{port}"


def fits(pattern: str, wanted: str) -> bool:
    """True where an endpoint fits a host pattern; a * of the host never reaches into the port."""
    (host, port), (wanted_host, wanted_port) = _split(pattern), _split(wanted)
    return fnmatchcase(wanted_port, port) and host_regex(host).fullmatch(wanted_host) is not None


def captured(pattern: str, host: str) -> str | None:
    """The region that a host without its port has where the pattern says {region}; None where it does not fit."""
    found = host_regex(_split(pattern)[0]).fullmatch(host.rstrip(".").casefold())
    return found["region"] if found and "region" in found.re.groupindex else None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """The expression of a pattern in small letters; each * is a group, as short as it can be."""
    known = {"*": "(.*?)", "?": "."}
    return re.compile("".join(known.get(part) or re.escape(part) for part in re.split(r"([*?])", pattern)), re.DOTALL)


@cache
def host_regex(pattern: str) -> re.Pattern[str]:
    """The expression that a whole host must match; group `region` is one part of the name, without dots."""
    known = {"*": ".*", "?": ".", _REGION: "(?P<region>[^.]+)"}
    return re.compile("".join(known.get(part) or re.escape(part) for part in re.split(r"([*?]|\{region\})", pattern)))


def host_pattern(value: object) -> str:
    """A host as it is compared: exact or with * and {region}, with a port or without."""
    found = text(value).casefold()
    for part in re.findall(r"\{[^}]*\}?", found):
        if part != _REGION:
            raise wrong(f"{part} cannot be captured, only {{region}} can", f"write {found.replace(part, '*')}")
    if found.count(_REGION) > 1:
        raise wrong("{region} stands twice in the host", "write * for one of them")
    if _HOST.fullmatch(found.replace(_REGION, "*")) is None:
        bare = re.sub(r"^[a-z]+://", "", found).split("/")[0]
        fix = f"write {bare}" if bare != found and _HOST.fullmatch(bare) else "write a name such as api.openai.com"
        raise wrong(f"{found!r} is not a host", fix)
    host = _split(found)[0].replace(_REGION, "*")
    if is_glob(host) and not re.search(r"[a-z0-9]", host):
        raise wrong(f"{found!r} would take every host", "name the provider's own domain, such as *.example.com")
    return found.removesuffix(f":{HTTPS}")


def path_pattern(value: object) -> str:
    """A URL path pattern as it was written, checked."""
    found = text(value)
    if not found.startswith(("/", "**")):
        raise wrong(f"the path {found!r} starts in the middle", f"write /{found} or **/{found}")
    if "?" in found:
        raise wrong("a path is compared without its query string", f"write {found.partition('?')[0]}")
    for part in _PATH_PART.findall(found):
        if part.startswith("{") and part not in _CAPTURED:
            known = "only {model}, {model**} and {id} can"
            raise wrong(f"{part} cannot be captured, {known}", f"write {found.replace(part, '*')}")
    for name in ("model", "id"):
        if found.count("{" + name) > 1:
            raise wrong(f"{{{name}}} stands twice in the path", "write * for one of them")
    return found


def method(value: object) -> str:
    """An HTTP method in capitals, or * for any."""
    found = text(value).upper()
    if not re.fullmatch(r"[A-Z]+|\*", found):
        raise wrong(f"{found!r} is not an HTTP method", "write one such as POST, or * for any")
    return found


@cache
def path_regex(pattern: str) -> re.Pattern[str]:
    """The expression that a whole path must match; groups `model` and `id` are there where the pattern captures them.

    A captured segment ends at a colon (Gemini's `{model}:generateContent`) except where a slash must follow, because
    the names of some models hold a colon.
    """
    parts = _PATH_PART.split(pattern)
    regex = ""
    for place, part in enumerate(parts):
        if part == LONG_MODEL:
            regex += "(?P<model>.+)"
        elif part in _CAPTURED:
            regex += f"(?P<{part[1:-1]}>{'[^/]+' if parts[place + 1].startswith('/') else '[^/:]+'})"
        else:
            regex += {"**": ".*", "*": "[^/]*"}.get(part) or re.escape(part)
    return re.compile(regex, re.DOTALL)


def _split(name: str) -> tuple[str, str]:
    host, colon, port = name.rpartition(":")
    bare, port = (host, port) if colon and not port.endswith("]") else (name, str(HTTPS))
    # Brackets mean a choice of characters to fnmatch.
    return bare.strip("[]"), port

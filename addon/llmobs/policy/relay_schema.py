"""What a policy file says of calls that fail or take too long: timeouts, retries, fallbacks."""

import os
import re
from typing import Annotated

from pydantic import AfterValidator, PlainValidator, ValidationInfo

from llmobs.config import Row
from llmobs.config import value as plain
from llmobs.config.problem import did_you_mean
from llmobs.config.value import wrong
from llmobs.facts import HTTP, HTTPS
from llmobs.policy.amount import Count, Seconds
from llmobs.policy.fields import Flag, Name, Text, Word

CONNECT, RESET, TIMEOUT = "connect", "reset", "timeout"
BREAKER, BUDGET, RATE_LIMIT = "breaker_open", "budget", "rate_limit"
_STATUS = re.compile("[45][0-9][0-9]")
_OVERLOADED = ("429", "500", "502", "503", "504", "529")
# How a target wants to see its key: in which header, and after what.
AUTH = {"bearer": ("authorization", "Bearer "), "api-key": ("api-key", ""), "x-api-key": ("x-api-key", "")} | {
    "x-goog-api-key": ("x-goog-api-key", "")
}
# Before a host that speaks HTTP without TLS.
_PLAIN = "http://"
_BLANKS = ("{path}", "{rest}", "{model}", "{verb}")


def _retried(value: object) -> str:
    """A failure that may be tried again at the same host."""
    return _failure(value, (CONNECT, RESET, TIMEOUT))


def _led_away(value: object) -> str:
    """A failure that may lead to another host."""
    return _failure(value, (CONNECT, RESET, TIMEOUT, BREAKER, BUDGET, RATE_LIMIT))


def _failure(value: object, words: tuple[str, ...]) -> str:
    if isinstance(value, str) and (value in words or _STATUS.fullmatch(value)):
        return value
    fix = f"write a status from 400 to 599 or one of {', '.join(words)}"
    raise wrong(f"{plain.shown(value)} is no failure", fix)


def _host(value: object, info: ValidationInfo) -> str:
    """A host that the price file knows, so that what goes there is metered; one without TLS has `http://` before it."""
    name = plain.text(value).casefold()
    authority = name.removeprefix(_PLAIN)
    _, _, port = authority.partition(":")
    if "/" in authority or (port and not port.isdecimal()):
        raise wrong(f"{name!r} is not a host", "write it without https:// and path, such as my.openai.azure.com")
    book = (info.context or {}).get("book")
    if book is not None and book.provider_at(*_address(name)) is None:
        raise wrong(f"{name} is a host that no price file knows", "add it to the hosts of a provider in your own")
    return name


def _address(host: str) -> tuple[str, int]:
    """The name and port of a host as it is written."""
    name, _, port = host.removeprefix(_PLAIN).partition(":")
    return name, int(port or (HTTP if host.startswith(_PLAIN) else HTTPS))


def _environment(value: object, info: ValidationInfo) -> str:
    """A variable of the proxy's environment that holds a key; who only looks at a file has no need of it."""
    name = plain.text(value)
    if "book" in (info.context or {}) and not os.environ.get(name):
        raise wrong(f"{name} is not set where the proxy runs", f"export {name} before the start, with the key in it")
    return name


def _auth(value: object) -> str:
    """How a key is sent."""
    return plain.one_of(value, AUTH)


def _path(value: object) -> str:
    """A path, in which some words stand for parts of the client's request."""
    path = plain.text(value)
    for blank in re.findall(r"\{[^}]*\}?", path):
        if blank not in _BLANKS:
            raise wrong(f"{blank} is not known here", did_you_mean(blank, _BLANKS))
    if path.startswith(("/", "{path}", "{rest}")):
        return path
    raise wrong(f"{path!r} is not a path", "begin it with /, or leave the key out for the client's own path")


def _some(targets: list["Target"]) -> list["Target"]:
    """At least one target."""
    if not targets:
        raise wrong("is empty", "write at least one target, after a -")
    return targets


class Timeouts(Row):
    """How long what may take.

    where: which calls it is about, as word and pattern. Without it all are.
    connect_s: seconds until the host of an attempt is reached.
    first_byte_s: seconds from the start of an attempt to the first byte of its body.
    idle_s: seconds without a byte in the middle of an answer.
    total_s: seconds for the whole call, with all its attempts.
    """

    where: dict[Word, Text] = {}
    connect_s: Seconds | None = None
    first_byte_s: Seconds | None = None
    idle_s: Seconds | None = None
    total_s: Seconds | None = None


class Retries(Row):
    """When a host is asked again.

    where: which calls it is about, as word and pattern. Without it all are.
    attempts: how often a host is asked, the first time included.
    on: statuses, and `connect` (not reached), `reset` (no answer) or `timeout`, which may be billed twice.
    backoff_s: seconds before the second attempt; they double from one to the next.
    max_backoff_s: the longest wait, also where the provider asks for one.
    jitter: wait any part of that.
    """

    where: dict[Word, Text] = {}
    attempts: Count = 3
    on: list[Annotated[str, PlainValidator(_retried)]] = [*_OVERLOADED, CONNECT, RESET]
    backoff_s: Seconds = 0.5
    max_backoff_s: Seconds = 8.0
    jitter: Flag = True


class Target(Row):
    """Another host that can take a call.

    host: its name, which a price file knows, with `:PORT` if that is not the usual one, and `http://` if it has no TLS.
    path: where the call goes there; `{path}`, `{rest}`, `{model}` and `{verb}` stand for parts of the client's request.
    models: what the client asks for, and what it is called there; where there are some, no other model goes.
    key_env: variable of the proxy's environment that holds its key.
    auth: `bearer`, `api-key`, `x-api-key` or `x-goog-api-key`.
    headers: what it gets besides.
    """

    host: Annotated[str, PlainValidator(_host)]
    path: Annotated[str, PlainValidator(_path)] = "{path}"
    models: dict[Text, Text] = {}
    key_env: Annotated[str, PlainValidator(_environment)]
    auth: Annotated[str, PlainValidator(_auth)] = "bearer"
    headers: dict[Text, Text] = {}

    @property
    def scheme(self) -> str:
        """`https`, or `http` where it has no TLS."""
        return "http" if self.host.startswith(_PLAIN) else "https"

    @property
    def authority(self) -> str:
        """Its name, with the port where one is written."""
        return self.host.removeprefix(_PLAIN)

    @property
    def address(self) -> tuple[str, int]:
        """Its name and port."""
        return _address(self.host)


class Fallback(Row):
    """Where calls go that fail.

    name: what it is called in rows.
    where: which calls it is about, as word and pattern. Without it all are.
    on: as in `retries`, and `breaker_open`, `budget` or `rate_limit`, where a rule refuses.
    to: the targets, which are asked one after the other.
    """

    name: Name
    where: dict[Word, Text] = {}
    on: list[Annotated[str, PlainValidator(_led_away)]] = [*_OVERLOADED, CONNECT, RESET, TIMEOUT, BREAKER]
    to: Annotated[list[Target], AfterValidator(_some)]

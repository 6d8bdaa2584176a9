"""Says, from inside a user's program, on whose behalf and in which of its sections a call is made.

It runs by itself on Python 3.9, with the standard library and whatever there is of OpenTelemetry; it does not know what
a call costs, nor any other module of llmobs. Whatever fails in here, the program goes on as without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmobs.sections import clients, members, scope
from llmobs.sections.block import section
from llmobs.sections.hosts import AUDIENCE
from llmobs.sections.quiet import LOG, quietly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Unpack

    from llmobs.sections.members import Settings

__all__ = [
    "headers",
    "observe",
    "section",
    "set_customer_id",
    "set_experiment",
    "set_feature_version",
    "set_prompt_version",
    "set_run_id",
    "set_tags",
]

_ADVISED: set[str] = set()


@quietly
def observe(*, always: bool = False, hosts: Iterable[str] = (), **settings: Unpack[Settings]) -> None:
    """Let each HTTP call tell the proxy who it is for; what is set here holds wherever nothing else is set.

    Providers are told, and `hosts` (domains, or "*"), where the environment names a proxy, or `always`. No one else is.
    """
    AUDIENCE.add(hosts, always=always)
    told = members.merged(scope.DEFAULTS, settings)
    scope.DEFAULTS.clear()
    scope.DEFAULTS.update(told)
    missing = {library: package for library, package in clients.instrument().items() if library not in _ADVISED}
    if missing:
        _ADVISED.update(missing)
        packages = " ".join(sorted(set(missing.values())))
        LOG.warning(
            "calls of %s tell of sections by headers() only, until you: pip install %s", ", ".join(missing), packages
        )


def set_customer_id(customer_id: str | None) -> None:
    """Say who calls are made for, until the section around ends; outside of any, in this thread or task."""
    _set(customer_id=customer_id)


def set_run_id(run_id: str | None) -> None:
    """Say which run of the program calls belong to."""
    _set(run_id=run_id)


def set_tags(tags: Mapping[str, object] | None = None, /, **more: object) -> None:
    """Add tags to those that are set; None takes one away."""
    _set(tags=(tags, more))


def set_experiment(experiment_id: str | None, variant_id: str | None = None) -> None:
    """Say which variant of which experiment is tried."""
    _set(experiment_id=experiment_id, variant_id=variant_id)


def set_prompt_version(prompt_version: str | None) -> None:
    """Say which version of the prompt is used."""
    _set(prompt_version=prompt_version)


def set_feature_version(feature_version: str | None) -> None:
    """Say which version of the feature is used."""
    _set(feature_version=feature_version)


def headers() -> dict[str, str]:
    """What holds here as the headers of one call, for a client that is not instrumented: `extra_headers=headers()`."""
    return _headers() or {}


@quietly
def _headers() -> dict[str, str]:
    return members.headers(scope.held())


@quietly
def _set(**settings: Any) -> None:
    if "tags" in settings:
        first, more = settings["tags"]
        settings["tags"] = {**(first or {}), **more}
    here = scope.current()
    scope.enter(here._replace(members=members.merged(here.members, settings)))

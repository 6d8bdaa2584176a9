"""Which hosts pricing.yaml names, read as plain YAML; it imports nothing of the product."""

import fnmatch
import functools

import yaml

from tests.testbed.upstream import ROOT


@functools.cache
def _hosts() -> dict[str, bool]:
    """Host globs, and whether asking for usage is allowed there; local ones with their port."""
    found = yaml.load((ROOT / "pricing.yaml").read_text(), yaml.CSafeLoader)["providers"].values()
    return {host.replace("{region}", "*"): each.get("include_usage", False) for each in found for host in each["hosts"]}


def is_provider(host: str) -> bool:
    """Whether calls to the host are metered."""
    return any(fnmatch.fnmatch(host, glob) for glob in _hosts())


def may_be_asked(host: str) -> bool:
    """Whether its streams may be asked for usage."""
    return any(fnmatch.fnmatch(host, glob) for glob, asking in _hosts().items() if asking)

"""Where spans and metrics go, read from the settings, and the way there; it does not know what is sent.

Beside `llmobserve_otlp` the standard variables hold: OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _CERTIFICATE, _COMPRESSION,
OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_METRIC_EXPORT_INTERVAL.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from opentelemetry.sdk.resources import SERVICE_NAME, Resource

from llmobs.config import ConfigError
from llmobs.settings import Settings

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*")


@dataclass(frozen=True, slots=True)
class Collector:
    """The base address without a slash at its end, and headers; None: those of the standard variables."""

    base: str
    headers: Mapping[str, str] | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Collector":
        """What the settings name; raises ConfigError."""
        headers = _headers(Path(settings.otlp_headers).expanduser()) if settings.otlp_headers else None
        return cls(_base(settings.otlp), headers)

    def signal(self, name: str) -> str:
        """The address for `traces` or `metrics`."""
        return f"{self.base}/v1/{name}"


def session() -> requests.Session:
    """A way there that leads through no proxy: the one that the environment names may well be this one."""
    direct = requests.Session()
    direct.trust_env = False
    return direct


def resource() -> Resource:
    """Who tells: this program, unless the standard variables say otherwise."""
    told = Resource.create()
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return told if named else told.merge(Resource({SERVICE_NAME: "llmobserve"}))


def _base(url: str) -> str:
    """The address as it is to be used; a signal's own path is taken off."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or "@" in parts.netloc or parts.query or parts.fragment:
        # The text may hold a password.
        raise ConfigError(["llmobserve_otlp is no address of a collector; write one like http://localhost:4318"])
    return re.sub(r"(/v1/(traces|metrics))?/*$", "", url)


def _headers(path: Path) -> dict[str, str]:
    """The headers that a file has, a line each; empty lines and those that begin with # are none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError([f"llmobserve_otlp_headers={path}: it can't be read: {why}; name a text file"]) from None
    found = [(number, _HEADER.fullmatch(line.strip())) for number, line in enumerate(lines, 1) if _told(line)]
    if wrong := [number for number, match in found if match is None]:
        raise ConfigError([f"{path}:{number}: this is no header; write `Name: value`" for number in wrong])
    return {match[1].lower(): match[2] for _, match in found if match}


def _told(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")

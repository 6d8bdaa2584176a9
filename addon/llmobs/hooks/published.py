"""Where the options say that rows are published, and how often; it publishes nothing."""

import re
from dataclasses import dataclass

from llmobs.config import ConfigError
from llmobs.place import Bucket, Place, PlaceError, place_of
from llmobs.settings import Settings

# What decides on where rows go.
OPTIONS = frozenset(("llmobserve_db", "llmobserve_publish", "llmobserve_publish_every"))
_EVERY = re.compile(r"([1-9]\d{0,5})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Target:
    """A place, and the seconds between two visits."""

    place: Place
    interval_s: float


def target(settings: Settings) -> Target | None:
    """What the options say; None where nothing is published. Raises ConfigError."""
    every = _EVERY.fullmatch(settings.publish_every)
    if every is None:
        raise ConfigError([f"llmobserve_publish_every={settings.publish_every} is no time; write 30s, 5m or 1h"])
    if not settings.publish:
        return None
    try:
        place = place_of(settings.publish)
        if isinstance(place, Bucket):
            place.prepare()
    except PlaceError as problem:
        raise ConfigError([f"llmobserve_publish: {problem}"]) from problem
    return Target(place, float(int(every[1]) * _SECONDS[every[2]]))

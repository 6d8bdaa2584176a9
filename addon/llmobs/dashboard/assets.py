"""The files that pages load, under addresses that change with their content; plotly.js comes from its own package."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_NAMES = ("dashboard.css", "charts.js", "live.js", "icon.svg", "plotly.css", "plotly.min.js")
# Style elements that plotly.js makes when it is loaded, which the content security policy forbids; it makes none whose
# id is there already.
_STYLE_ID = re.compile(rb'createElement\("style"\);\w+\.id="(\w{1,80})"')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file ready to be sent, compressed."""

    content_type: str
    gzipped: bytes


def url(name: str) -> str:
    """Where a file is to be had for ever."""
    return f"/static/{_digest(name)}/{name}"


def asset(name: str, digest: str) -> Asset | None:
    """A file by its address; None where there is no such, or no longer."""
    return _asset(name) if name in _NAMES and digest == _digest(name) else None


@cache
def style_ids() -> tuple[str, ...]:
    """The ids of the style elements that plotly.js would make."""
    return tuple(found.decode() for found in _STYLE_ID.findall(_path("plotly.min.js").read_bytes()))


@cache
def _asset(name: str) -> Asset:
    path = _path(name)
    # The highest level takes a second for plotly.js, for 2 % less.
    return Asset(_TYPES[path.suffix], gzip.compress(path.read_bytes(), 6, mtime=0))


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_path(name).read_bytes()).hexdigest()[:16]


def _path(name: str) -> Path:
    if name != "plotly.min.js":
        return _STATIC / name
    # To import plotly takes longer than to draw a page; only its file is wanted.
    found = find_spec("plotly")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "package_data" / name

import gzip

import pytest

from llmobs.dashboard import assets

NAMES = ("dashboard.css", "charts.js", "live.js", "icon.svg", "plotly.css", "plotly.min.js")


@pytest.mark.parametrize("name", NAMES)
def test_files(name: str) -> None:
    """Each file is had at its address alone, compressed."""
    _, _, digest, last = assets.url(name).split("/")
    found = assets.asset(last, digest)

    assert found is not None
    assert len(gzip.decompress(found.gzipped)) > len(found.gzipped) or name == "plotly.css"
    assert assets.asset(last, "0" * 16) is None


@pytest.mark.parametrize("name", ["../pages.py", "pages.py", ""])
def test_no_other_file(name: str) -> None:
    """Nothing but the files of the pages is served."""

    assert assets.asset(name, "0" * 16) is None


def test_styles_of_plotly() -> None:
    """What plotly.js would add to the page is found in it, whichever version it is."""

    assert all(name.isalnum() for name in assets.style_ids())

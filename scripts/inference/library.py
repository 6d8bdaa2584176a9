"""Whether the statistics library is there, and a head start for its import; it knows no statistics."""

from importlib import import_module
from importlib.util import find_spec
from threading import Thread

LIBRARY = "scipy"
MISSING = (
    "this needs scipy, which is not installed (200 MB with numpy): "
    "`make install` brings it, or `.venv/bin/python -m pip install scipy`"
)


def there() -> bool:
    """Whether it can be imported."""
    return find_spec(LIBRARY) is not None


def awaken() -> Thread:
    """Import it beside what the database does, which lets go of the interpreter."""
    thread = Thread(target=import_module, args=("scipy.special",), daemon=True)
    thread.start()
    return thread

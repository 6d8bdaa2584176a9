"""Show the dashboard of any database in the browser: the pages that the proxy serves, without a proxy.

It only starts the web server; each figure comes from a query in a *.sql file beside it.
"""

import argparse
import signal
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from llmobs.config import ConfigError
from llmobs.policy.load import load
from llmobs.price_age import updated
from llmobs.settings import OPTIONS
from llmobs.web import Address, AddressError, Server
from llmobs.web.dashboard import Dashboard
from llmobs.web.workshop import Subject, Workshop

SCRIPTS = Path(__file__).resolve().parent
PRICES = SCRIPTS.parent / "pricing.yaml"
ADDRESS = "127.0.0.1:9464"
_EXAMPLES = """\
examples:
  dashboard.py                                  the database of this folder, at http://127.0.0.1:9464/
  dashboard.py --db old.duckdb --policy policy.yaml --open
  dashboard.py --address 127.0.0.1:0            any free port
  dashboard.py --address 0.0.0.0:9464,metrics.lan   for other machines too; there is no password
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line, until it is interrupted; 1 where the port is taken or the policy file is wrong."""
    options = _options(arguments)
    try:
        if options.policy is not None:
            load(options.policy)
    except ConfigError as problem:
        print(f"dashboard: {problem}", file=sys.stderr)
        return 1
    ended, prices = threading.Event(), updated(PRICES)
    dashboard = Dashboard(Workshop(lambda: Subject(options.db, prices, options.policy)))
    server = Server(options.address, dashboard.routes, [dashboard.close])
    try:
        server.start()
    except OSError as problem:
        why = (problem.strerror or str(problem)).partition(" (")[0]
        print(f"dashboard: {options.address.url} can't be had: {why}; name another --address", file=sys.stderr)
        return 1
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    print(f"The dashboard of {options.db} is at {server.address.url}; Ctrl-C ends it.", flush=True)
    if options.open:
        webbrowser.open(server.address.url)
    ended.wait()
    server.close()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = argparse.ArgumentParser(
        prog="dashboard.py",
        description=(__doc__ or "").partition("\n")[0],
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = next(option.default for option in OPTIONS if option.name == "llmobserve_db")
    made.add_argument(
        "--db",
        default=usual,
        help="database, or folder or s3://BUCKET/PREFIX that proxies publish to (default: %(default)s)",
    )
    made.add_argument("--policy", type=Path, metavar="FILE", help="policy file whose budgets are shown")
    made.add_argument(
        "--address", type=_address, default=ADDRESS, metavar="HOST:PORT", help="where to listen (default: %(default)s)"
    )
    made.add_argument("--open", action="store_true", help="open it in the browser")
    return made.parse_args(arguments)


def _address(text: str) -> Address:
    try:
        found = Address.parse(text)
    except AddressError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    if found is None:
        raise argparse.ArgumentTypeError("the dashboard needs an address; write HOST:PORT, such as 127.0.0.1:9464")
    return found


if __name__ == "__main__":
    sys.exit(main())

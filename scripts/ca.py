"""Make a certificate authority for the proxy that can sign for the hosts of the providers only, and for nobody else.

It does not know clients; what makes them trust it is told at the start of the proxy.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from llmobs import authority
from llmobs.dialects import DIALECTS
from llmobs.pricing import PricingError, load

PRICES = Path(__file__).resolve().parents[1] / "pricing.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where there is one already, or a price file is wrong."""
    options = _options(arguments)
    replaced = (options.confdir.expanduser() / authority.SECRET).exists()
    try:
        made = authority.make(options.confdir.expanduser(), _hosts(options.pricing), replace=options.force)
    except (authority.AuthorityError, PricingError, OSError) as problem:
        print(f"ca: {problem}", file=sys.stderr)
        return 1
    print(f"{made.path} is new: an authority that can sign for {len(made.permitted or ())} domains and no other.")
    if replaced:
        print("Restart the proxy, and let the clients trust this file; what trusted the older one refuses it.")
    else:
        print("Let the clients trust this file.")
    return 0


def ensure(confdir: Path, own: Path | None = None) -> None:
    """Make one where there is none yet, before mitmproxy makes one that may sign for anybody."""
    if not (confdir / authority.SECRET).exists():
        authority.make(confdir, _hosts(own))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ca.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--confdir", type=Path, default=Path("~/.mitmproxy"), help="folder of the files (%(default)s)")
    parser.add_argument(
        "--pricing", type=Path, metavar="FILE", help="your own providers, whose hosts are signed for, too"
    )
    parser.add_argument("--force", action="store_true", help="replace the present one, which is kept as .bak")
    return parser.parse_args(arguments)


def _hosts(own: Path | None) -> list[str]:
    book = load(*(file for file in (PRICES, own) if file), dialects=DIALECTS)
    return [host for provider in book.providers.values() for host in provider.hosts]


if __name__ == "__main__":
    sys.exit(main())

"""Run a program so that its AI calls are metered, and print what they cost when it ends.

It does not know clients: what leads them through the proxy is a table in run_parts/environment.py.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from llmobs import authority, store
from llmobs.presence import Presence, present
from llmobs.render import Screen

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.ca import ensure  # noqa: E402
from scripts.run_parts import login, proxies, summary, trust  # noqa: E402
from scripts.run_parts.bearer import HEADERS, Bearer, bearer  # noqa: E402
from scripts.run_parts.child import execute  # noqa: E402
from scripts.run_parts.environment import BASES, Way, environment  # noqa: E402
from scripts.run_parts.stored import spent  # noqa: E402

# As env(1) and timeout(1): the launcher itself failed.
FAILED = 125
DB = ROOT / "llmobserve.duckdb"
_EXAMPLES = """\
examples:
  run.py -- python agent.py                                  what did this program cost?
  run.py --customer acme --tag team=search -- npm run batch  its rows say for whom
  run.py --run nightly -- claude -p "fix the tests"          any client that uses a proxy
"""


def main(arguments: Sequence[str] | None = None, before: Mapping[str, str] = os.environ) -> int:
    """Run from the command line; the exit status is the command's own, 125 where it could not be tried."""
    options = _options(arguments)
    who = bearer({key: getattr(options, key) for key in HEADERS}, options.tag)
    try:
        with _proxy(options, who, before) as (way, db, own):
            status = execute(options.command, environment(before, way))
    except (proxies.ProxyError, authority.AuthorityError, OSError) as problem:
        print(f"run: {problem}", file=sys.stderr)
        return FAILED
    if not options.quiet:
        _tell(options, who, db, own)
    return status


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py",
        description=(__doc__ or "").partition("\n")[0],
        usage="run.py [options] -- COMMAND ...",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for key in HEADERS:
        text = "its calls can be summed by this id (default: a new one)" if key == "run" else "goes into each row"
        names = [f"--{key.replace('_', '-')}", *(["--feature"] if key == "feature_version" else [])]
        parser.add_argument(*names, metavar="NAME", help=text)
    parser.add_argument(
        "--tag", type=_tag, action="append", default=[], metavar="KEY=VALUE", help="any number of these"
    )
    parser.add_argument(
        "--db", type=Path, metavar="FILE", help=f"database (default: that of the proxy that runs, or {DB})"
    )
    own = "; starts a proxy of its own"
    parser.add_argument("--pricing", type=Path, metavar="FILE", help=f"your own providers and prices{own}")
    parser.add_argument("--policy", type=Path, metavar="FILE", help=f"budgets, limits, a cache ...{own}")
    parser.add_argument("--port", type=int, default=8080, help="where a proxy may run already (default: %(default)s)")
    parser.add_argument("--confdir", type=Path, default=Path("~/.mitmproxy"), help="folder of the CA (%(default)s)")
    parser.add_argument(
        "--reverse", action="store_true", help="set base URLs, for clients that know no proxy (Node 20)"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--quiet", action="store_true", help="print nothing at the end")
    shape.add_argument("--json", action="store_true", help="print the end as one line of JSON")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not options.command:
        parser.error("there is no command; write run.py [options] -- COMMAND ...")
    options.confdir = options.confdir.expanduser().absolute()
    return options


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text} is no tag; write KEY=VALUE")
    if key in HEADERS:
        raise argparse.ArgumentTypeError(f"{key} is no tag; write --{key.replace('_', '-')} {value}")
    return key, value


@contextmanager
def _proxy(options: argparse.Namespace, who: Bearer, before: Mapping[str, str]) -> Iterator[tuple[Way, Path, bool]]:
    """The way through the proxy that runs, or through one for this command; its database; whether it is our own."""
    found = (
        None if options.pricing or options.policy or options.reverse else proxies.find(options.confdir, options.port)
    )
    if found and (options.db is None or options.db.expanduser().absolute().resolve() == found.database):
        yield _running(options, who, before, found), found.database, False
        return
    ensure(options.confdir, options.pricing)
    with proxies.Own(_wanted(options, who, before)) as own:
        listener = own.main
        url = who.url(listener.host, listener.port)
        way = _way(options, who.run, before, url, listener.host, listener.port, own.reverse)
        yield way, listener.database, True


def _running(options: argparse.Namespace, who: Bearer, before: Mapping[str, str], found: Presence) -> Way:
    host, known = proxies.address(found), login.login(before, found)
    url = who.url(host, found.port, known)
    if not proxies.lets_in(url):
        fault = "refuses the name and password in HTTPS_PROXY" if known else "wants a password"
        raise proxies.ProxyError(f"the proxy at port {found.port} {fault}: {login.wanted(host, found.port)}")
    return _way(options, who.run, before, url, host, found.port, {})


def _wanted(options: argparse.Namespace, who: Bearer, before: Mapping[str, str]) -> proxies.Wanted:
    company = _company(options, before)
    told = any(before.get(name) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))
    ca = options.confdir / authority.PUBLIC
    db = (options.db or DB).expanduser().absolute()
    if not db.parent.is_dir():
        raise proxies.ProxyError(f"--db {db}: there is no folder {db.parent}; make it, or name another file")
    return proxies.Wanted(
        confdir=options.confdir,
        db=db,
        pricing=options.pricing,
        policy=options.policy,
        headers=who.headers(),
        reverse=tuple(BASES) if options.reverse else (),
        company=company,
        trusted=trust.bundle(options.confdir, ca, before) if told else None,
    )


def _company(options: argparse.Namespace, before: Mapping[str, str]) -> str | None:
    """The proxy that was set before, unless it is one of ours."""
    url = login.named(before)
    if url is None or any(login.leads_to(url, each.port) for each in present(options.confdir)):
        return None
    if url.scheme not in ("http", "https"):
        raise proxies.ProxyError(
            f"HTTPS_PROXY is {url.scheme}://{url.hostname}: only http and https can be gone through"
        )
    return url.geturl()


def _way(
    options: argparse.Namespace,
    run: str,
    before: Mapping[str, str],
    url: str,
    host: str,
    port: int,
    reverse: Mapping[str, int],
) -> Way:
    ca = options.confdir / authority.PUBLIC
    return Way(
        url=url,
        host=host,
        port=port,
        bundle=trust.bundle(options.confdir, ca, before),
        extra=trust.for_node(options.confdir, ca, before),
        java_store=trust.java_store(options.confdir, ca, before),
        package=ROOT / "addon",
        run=run,
        reverse=reverse,
    )


def _tell(options: argparse.Namespace, who: Bearer, db: Path, own: bool) -> None:
    try:
        found = spent(db, who.run, wait=not own)
    except (store.StoreError, KeyboardInterrupt) as problem:
        print(f"run: what it cost is not known: {problem}", file=sys.stderr)
        return
    if options.json:
        line = msgspec.json.Encoder(decimal_format="number").encode(summary.exact(found, who.run) if found else None)
        print(line.decode(), file=sys.stderr)
    elif found and found.summary["calls"]:
        screen = Screen(file=sys.stderr)
        for text in summary.lines(found, who.run):
            screen.line(text)
        screen.section(summary.models(found))
        screen.line(f"rows: {db}", "dim")
    else:
        print(_NOTHING, file=sys.stderr)


_NOTHING = """\
run: no AI call was seen. Where there should have been one, `scripts/doctor.py` finds out why: a client that ignores
the proxy (Node 20: try --reverse; aiohttp: trust_env=True), or that does not trust its certificate."""


if __name__ == "__main__":
    sys.exit(main())

"""Find out why a client's calls are not seen, and say what to do; run it where the client runs.

It tries each installed runtime on a host that only the proxy knows: no key, no network, no row.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from llmobs.authority import PUBLIC
from llmobs.dialects import DIALECTS
from llmobs.presence import Presence
from llmobs.pricing import PricingError, load
from llmobs.render import Column, Screen, Section

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.console.pipe import piped  # noqa: E402
from scripts.doctor_parts import house, runtimes, variables  # noqa: E402
from scripts.doctor_parts.finding import Finding, Verdict  # noqa: E402

_COLUMNS = (Column(""), Column("check", figures=False), Column("found, and what to do", figures=False))


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run from the command line; 0 where all is well, 1 where there is something to do."""
    options = _options(arguments)
    try:
        hosts = _hosts(options.pricing)
    except PricingError as problem:
        print(f"doctor: {problem}", file=sys.stderr)
        return 1
    findings = list(_findings(options, environment, hosts))
    if options.json:
        print(msgspec.json.format(msgspec.json.encode([asdict(each) for each in findings]), indent=2).decode())
    else:
        _show(findings)
    return int(any(each.verdict is Verdict.WRONG for each in findings))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="doctor.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8080, help="port of the proxy (default: %(default)s)")
    parser.add_argument("--confdir", type=Path, default=Path("~/.mitmproxy"), help="folder of the CA (%(default)s)")
    parser.add_argument("--pricing", type=Path, metavar="FILE", help="your own providers and prices")
    parser.add_argument("--python", metavar="PROGRAM", help="the Python to try (default: python3)")
    parser.add_argument(
        "--only", type=_runtimes, default=(), metavar="NAMES", help=f"runtimes to try, of {','.join(runtimes.NAMES)}"
    )
    parser.add_argument("--json", action="store_true", help="print all findings as JSON")
    options = parser.parse_args(arguments)
    options.confdir = options.confdir.expanduser().absolute()
    return options


def _runtimes(text: str) -> tuple[str, ...]:
    names = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if unknown := [name for name in names if name not in runtimes.NAMES]:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; write some of {','.join(runtimes.NAMES)}")
    return names


def _hosts(own: Path | None) -> list[str]:
    book = load(*(file for file in (ROOT / "pricing.yaml", own) if file), dialects=DIALECTS)
    return sorted(host for provider in book.providers.values() for host in provider.hosts)


def _findings(options: argparse.Namespace, environment: Mapping[str, str], hosts: Sequence[str]) -> Iterator[Finding]:
    now, ca = datetime.now(UTC), options.confdir / PUBLIC
    found, told = house.proxy(options.confdir, options.port)
    yield from told
    yield from house.certificate(options.confdir, hosts, now)
    yield from _database(found, now)
    yield from variables.proxy(environment, options.port)
    if found:
        yield from house.password(found, environment)
    yield from variables.no_proxy(environment, hosts)
    yield from variables.trust(environment, ca, options.confdir / "llmobserve-ca-bundle.pem")
    if found:
        yield from runtimes.all_of(environment, options.python, options.only)


def _database(found: Presence | None, now: datetime) -> Iterator[Finding]:
    return house.database(found.database, now) if found else iter(())


def _show(findings: Sequence[Finding]) -> None:
    screen = Screen(trim=True)
    rows = [
        [each.verdict.value, each.subject, f"{each.found}\n-> {each.fix}" if each.fix else each.found]
        for each in findings
    ]
    wrong = sum(each.verdict is Verdict.WRONG for each in findings)
    end = "Nothing is wrong here." if not wrong else f"{wrong} to mend, from the top: one may be the cause of the next."
    screen.section(Section("What keeps calls from being seen", _COLUMNS, rows, note=end))


if __name__ == "__main__":
    sys.exit(piped(main))

"""Write calls as Parquet, CSV or JSON lines with the columns of the table and every digit, or as OpenTelemetry spans.

A long export that was interrupted goes on where it was when it is asked for again.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from llmobs.render import plural, progress

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.ending import ended  # noqa: E402
from scripts.console.options import parsed, parser  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.export_parts import writing  # noqa: E402
from scripts.export_parts.formats import FORMATS  # noqa: E402

STDOUT = "-"
_EXAMPLES = """\
  export.py --since 2026-11-01 --until 2026-12-01 --out november.parquet
  export.py --where customer=acme --out acme.csv          texts that a spreadsheet would run get an apostrophe
  export.py --since 7d --format jsonl | jq .cost_usd
  export.py --format otlp --out calls.otlp.jsonl          spans, as a collector's otlpjsonfile receiver reads them
  export.py --out calls/                                  a file for each day, day=2026-11-28/calls.parquet
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the calls can't be read or written."""
    options = _options(arguments)
    return ended("export", partial(_run, options), interrupted="; the same command goes on")


def _run(options: argparse.Namespace) -> None:
    export = writing.Export.of(options)
    days = export.days()
    calls = sum(count for _, count in days)
    with progress("exporting", calls) as advance:
        _write(export, days, options.out, advance)
    if options.out != STDOUT:
        print(f"{options.db}: {plural(calls, 'call')} of {plural(len(days), 'day')} written to {options.out}")


def _write(
    export: writing.Export, days: Sequence[tuple[date, int]], out: str, advance: Callable[[float], None]
) -> None:
    if out == STDOUT:
        with tempfile.TemporaryDirectory(prefix="llmobserve-") as folder:
            writing.to_stdout(export, days, Path(folder), advance)
    elif _is_folder(out):
        writing.to_folder(export, days, Path(out), advance)
    else:
        writing.to_file(export, days, Path(out), advance)


def _is_folder(out: str) -> bool:
    return out.endswith("/") or Path(out).is_dir()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("export.py", __doc__, _EXAMPLES)
    made.add_argument("--out", default=STDOUT, metavar="PLACE", help="file, or folder with / at its end; else printed")
    made.add_argument(
        "--format", choices=sorted(FORMATS), help="(default: what the file's name ends in; in a folder parquet)"
    )
    made.add_argument("--raw", action="store_true", help="CSV with texts as they are, for programs")
    options = parsed(made, arguments)
    # The longest ending first: spans are JSON lines, too.
    endings = sorted(FORMATS.items(), key=lambda each: -len(each[1].suffix))
    ending = next((name for name, form in endings if options.out.endswith(form.suffix)), None)
    usual = "jsonl" if options.out == STDOUT else "parquet" if _is_folder(options.out) else None
    options.format = options.format or ending or usual
    if options.format is None:
        known = ", ".join(form.suffix for form in FORMATS.values())
        made.error(f"{options.out} ends in none of {known}; write --format, or a / at the end of a folder")
    if options.out == STDOUT and not FORMATS[options.format].joins:
        made.error(f"{options.format} can't be printed; write --out FILE")
    return options


if __name__ == "__main__":
    sys.exit(piped(main))

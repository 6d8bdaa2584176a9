"""The process that makes pages: a request a line on standard input, a line and a page on standard output.

DuckDB refuses a reader in the process of the writer, and a page takes the interpreter for longer than a call may wait;
so neither happens in the proxy. It knows no web server, and ends when its input does.
"""

import os
import signal
import sys
import time
from datetime import date
from pathlib import Path
from typing import IO

import msgspec

from llmobs.dashboard.order import Order, Reply
from llmobs.dashboard.pages import Answer, Pages, Source
from llmobs.fault import told

# Whoever calls a model goes first.
NICE = 10


def serve(orders: IO[bytes], replies: IO[bytes], pages: Pages) -> None:
    """Answer one request after the other."""
    for line in orders:
        order = msgspec.json.decode(line, type=Order)
        began = time.monotonic()
        answer = _answer(pages, order)
        page = answer.html.encode("utf-8", "replace")
        reply = Reply(answer.status, len(page), round(time.monotonic() - began, 3), answer.location)
        replies.write(msgspec.json.encode(reply) + b"\n" + page)
        replies.flush()


def _answer(pages: Pages, order: Order) -> Answer:
    try:
        return pages.answer(order.path, order.query)
    except Exception as problem:  # noqa: BLE001 - one page is not worth the others
        sys.stderr.write(f"LLMObserve: the page {order.path!a} could not be made: {told(problem)}\n")
        return Answer(500, "This page could not be made; the log tells why.")


def main() -> None:  # pragma: no cover - runs in a process of its own, which the tests of the workshop start
    """Run as `python -m`; the arguments are database, date of the prices and, if any, policy file."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started it, which closes the input
    os.nice(NICE)
    db, prices, *policy = sys.argv[1:]
    source = Source(db, date.fromisoformat(prices), Path(policy[0]) if policy else None)
    serve(sys.stdin.buffer, sys.stdout.buffer, Pages(source))


if __name__ == "__main__":
    main()

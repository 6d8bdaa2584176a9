"""What both HTTP versions share: from a received request to the answer, including the testbed's own control paths."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

from tests.testbed.answers import Answer, answer
from tests.testbed.journal import Entry, Journal
from tests.testbed.scenario import HEADER, Scenario, parse

CONTROL = "/_testbed/"


def respond(journal: Journal, entry: Entry, body: bytes) -> Answer:
    """The answer to a complete request."""
    entry.complete(body)
    if entry.target.startswith(CONTROL):
        return _control(journal, entry)
    headers = {name.lower(): value for name, value in entry.headers}
    scenario: str | None
    scenario, kind, accepted = (headers.get(name, "") for name in (HEADER, "content-type", "accept-encoding"))
    scenario = _here(journal, entry.host, scenario)
    if scenario is None:
        return Answer(0, (), (), framing="length", ending="reset", gate="", gate_at=-1, pause_ms=0)
    return answer(entry.host, entry.target, scenario, kind, accepted, body)


def _here(journal: Journal, host: str, text: str) -> str | None:
    """What a scenario means for this host, this time."""
    if host in journal.outages:
        return Scenario(status=503).header()[HEADER]
    wanted = parse(text)
    if wanted.only and wanted.only != host:
        return Scenario(counts=wanted.counts).header()[HEADER]
    return _turn(journal, wanted) if wanted.fails else text


def _turn(journal: Journal, wanted: Scenario) -> str | None:
    """The scenario of this one of several requests; None where it gets no answer."""
    before = journal.ask_again(wanted.name)
    status = wanted.fails[before] if before < len(wanted.fails) else wanted.status
    return replace(wanted, fails=(), status=status).header()[HEADER] if status else None


def _control(journal: Journal, entry: Entry) -> Answer:
    verb, _, argument = entry.target.removeprefix(CONTROL).partition("/")
    result: object = {"count": journal.count}
    if verb == "since":
        result = journal.since(int(argument))
    elif verb == "open":
        journal.open_door(argument)
    elif verb == "out":
        journal.outages.add(argument)
    elif verb == "back":
        journal.outages.discard(argument)
    pieces = (json.dumps(result).encode(),)
    headers = (("Content-Type", "application/json"),)
    return Answer(200, headers, pieces, framing="length", ending="clean", gate="", gate_at=-1, pause_ms=0)


async def paced(journal: Journal, found: Answer) -> AsyncIterator[bytes]:
    """The pieces of an answer, each when its time has come."""
    for number, piece in enumerate(found.pieces):
        if number == found.gate_at:
            await journal.pass_door(found.gate)
        if found.pause_ms and number:
            await asyncio.sleep(found.pause_ms / 1000)
        yield piece
    if found.gate_at >= len(found.pieces):
        await journal.pass_door(found.gate)

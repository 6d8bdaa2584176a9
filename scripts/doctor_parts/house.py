"""The proxy itself, its CA and its database; it does not know the clients."""

import socket
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from llmobs import authority, store
from llmobs.presence import Presence, present
from scripts.doctor_parts.finding import Finding, fine, note, wrong
from scripts.run_parts import login
from scripts.run_parts.proxies import address, answering, ask, lets_in
from scripts.run_parts.stored import waiting

# What has ended is stored within two seconds; more than that many waiting means that the database is not taken.
_BACKLOG = 50
_SKEW = timedelta(minutes=5)
_RENEW = timedelta(days=30)
_SHOWN = 3


def proxy(confdir: Path, port: int) -> tuple[Presence | None, Iterator[Finding]]:
    """Who listens at the port, and what there is to say of it."""
    here = present(confdir)
    there = [each for each in here if each.port == port]
    told = ask(address(there[0]) if there else "127.0.0.1", port)
    if told and (named := answering(there, told)):
        return named, _ours(named, told, len(there))
    return None, iter([_none(port, here, told)])


def _ours(presence: Presence, told: dict[str, Any], workers: int) -> Iterator[Finding]:
    where = f"{presence.host}:{presence.port} ({presence.mode})"
    one = f"process {presence.pid} listens on {where} and writes {presence.db}"
    many = f"{workers} workers listen on {where} and write {presence.db}"
    yield fine("proxy", one if workers == 1 else many)
    if refused := told.get("refused"):
        yield note(
            "refused",
            f"since its start, clients refused the certificate for {', '.join(refused[:_SHOWN])}",
            "let them trust the CA (below); one that does and still refuses is pinned to the provider's own: "
            "give it a reverse listener as base URL, or it can't be metered",
        )


def password(presence: Presence, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the user that HTTPS_PROXY names comes in."""
    host, known = address(presence), login.login(environment, presence)
    name, word = known or ("", "")
    user = f"{quote(name, '')}:{quote(word, '')}@" if known else ""
    place = f"[{host}]" if ":" in host else host
    if not lets_in(f"http://{user}{place}:{presence.port}"):
        fault = "it refuses the name and password in HTTPS_PROXY" if known else "it wants a password"
        yield wrong("proxy", fault, login.wanted(host, presence.port))


def _none(port: int, here: Sequence[Presence], told: dict[str, Any] | None) -> Finding:
    others = [str(each.port) for each in here if each.port != port]
    look = f"; one runs at port {', '.join(others)}: --port {others[0]}" if others else ""
    if told:
        return wrong("proxy", f"port {port} is a proxy of another folder or user", "name its folder with --confdir")
    if _taken(port):
        return wrong(
            "proxy",
            f"port {port} is taken by something else, or by a proxy that asks for a password",
            f"make run PORT={port + 1}, and that port in HTTPS_PROXY{look}",
        )
    return wrong("proxy", f"nothing listens on port {port}", f"make run, or scripts/run.py -- COMMAND{look}")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def certificate(confdir: Path, hosts: Sequence[str], now: datetime) -> Iterator[Finding]:
    """Whether the CA is there, valid, private, and may sign for all providers."""
    try:
        found = authority.read(confdir)
    except authority.AuthorityError as problem:
        yield wrong("CA", str(problem), "move it aside, and restart the proxy")
        return
    if found is None:
        yield wrong("CA", f"there is none in {confdir}", "start the proxy once: make run")
        return
    if found.expires < now + _RENEW:
        yield wrong("CA", f"ends on {found.expires:%Y-%m-%d}", _RENEWED)
    if lacking := found.uncovered(hosts):
        yield wrong("CA", f"can't sign for {', '.join(lacking[:_SHOWN])} and so on: {len(lacking)} in all", _RENEWED)
    secret = confdir / authority.SECRET
    if secret.exists() and stat.S_IMODE(secret.stat().st_mode) & 0o077:
        yield wrong("CA", "its key can be read by other users", f"chmod 600 {secret}")
    limits = "anybody" if found.permitted is None else f"{len(found.permitted)} domains"
    yield fine("CA", f"valid until {found.expires:%Y-%m-%d}, signs for {limits}")


_RENEWED = 'make ca ARGS="--force", restart the proxy, and export its variables again'


def database(path: Path, now: datetime) -> Iterator[Finding]:
    """Whether the rows can be read, and whether calls wait outside."""
    try:
        calls, newest = store.read(path, "SELECT count(*), max(started_at) FROM events").rows[0]
        backlog = waiting(path)
    except store.MissingError:
        yield wrong("database", f"{path} is not there yet", "the proxy makes it at its start; see its terminal")
        return
    except (store.StoreError, OSError) as problem:
        yield wrong("database", str(problem), "calls wait in the spool beside it until then; none is lost")
        return
    yield fine("database", f"{calls:,} calls; the latest {newest or 'has not come yet'}")
    if backlog > _BACKLOG:
        yield wrong("spool", f"{backlog:,} calls wait for the database", "close the program that has it open")
    if (path.with_name(f"{path.name}.spool") / "rejected.jsonl").exists():
        yield note("spool", "some calls could not be stored", "rejected.jsonl in the spool folder says which, and why")
    if isinstance(newest, datetime) and newest.replace(tzinfo=UTC) > now + _SKEW:
        yield wrong("clock", f"the latest call is of {newest} UTC, now is {now:%Y-%m-%d %H:%M}", "set the clock")

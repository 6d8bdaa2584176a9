"""What a test asks of the upstream, as one value that travels in the request; it does not know how it is done.

A request without the header gets a plain good answer. Nothing about a scenario is kept by the server, but how often
a named one was asked for.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

HEADER = "x-testbed"

type Ending = Literal["clean", "close", "reset", "rst_stream", "goaway"]
type Framing = Literal["chunked", "length", "until_close"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens of a call in neutral words: `input` includes cached and written ones, `output` includes reasoning."""

    input: int = 1200
    cached: int = 1000
    written: int = 0
    written_1h: int = 0
    output: int = 300
    reasoning: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One wish per field; the defaults are a good answer.

    `words` is the text of the answer, piece by piece; `length` repeats or cuts it to that many pieces.
    `encoding` holds unless the request asks for identity, with `insists` even then. `after` counts the messages sent
    before `ending` or `error_event`; `gate` names a door behind the first `gate_after` messages, which a test opens
    over the control path, so that no test has to guess a duration. `fails` are the statuses of the first requests that
    bear the same `name`, 0 for a connection that is reset. A request to another host than `only` gets the good answer.
    `job` names a batch or a background response, and `state` is how far it is, in the provider's word. `body` is an
    answer as it stands, of hosts without a format here.
    """

    status: int = 200
    fails: tuple[int, ...] = ()
    name: str = ""
    counts: Counts | None = None
    words: tuple[str, ...] | None = None
    length: int = 0
    usage: bool = True
    legacy_delta: bool = False
    encoding: Literal["", "gzip", "deflate", "br", "zstd"] = ""
    insists: bool = False
    framing: Framing | None = None
    content_type: str | None = None
    cut: int = 0
    crlf: bool = False
    bom: bool = False
    comments: bool = False
    no_space: bool = False
    no_final_blank: bool = False
    malformed: bool = False
    error_event: bool = False
    rejects_include_usage: bool = False
    job: str = ""
    body: str = ""
    state: str = "completed"
    after: int | None = None
    ending: Ending = "clean"
    gate: str = ""
    gate_after: int = 1
    pause_ms: int = 0
    only: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=())

    def header(self) -> dict[str, str]:
        """The request header that carries this scenario."""
        changed = {name: value for name, value in asdict(self).items() if value != getattr(Scenario(), name)}
        return {HEADER: json.dumps(changed, separators=(",", ":"))}


def parse(text: str) -> Scenario:
    """The scenario of a header's text; the plain one where it is empty."""
    raw: dict[str, Any] = json.loads(text) if text else {}
    if raw.get("counts"):
        raw["counts"] = Counts(**raw["counts"])
    for name in ("words", "headers", "fails"):
        if raw.get(name) is not None:
            raw[name] = tuple(tuple(item) if isinstance(item, list) else item for item in raw[name])
    return Scenario(**raw)

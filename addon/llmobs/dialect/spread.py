"""How calls are spread over answers, as data: jobs, results, turns of a socket, messages of gRPC; it reads none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from llmobs.dialect.path import Json
from llmobs.wire.protobuf import Schema


@dataclass(frozen=True, slots=True)
class Job:
    """Work that goes on after its request: billed once, by its id, when an answer says that it is done.

    id, state: paths in the answer; results: of the file that holds the results line by line. only: path, and what
    stands there in an answer that tells of a job.
    done, failed, free: values of the state that end it, `failed` at no cost unless usage is told, `free` at none
    whatever is told; any other is pending. "" is the state of an answer that tells none.
    """

    id: tuple[str, ...]
    state: tuple[str, ...]
    done: frozenset[str]
    failed: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    results: tuple[str, ...] = ()
    only: tuple[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What an answer brings that is billed apart from it, each by an id: lines of a batch, a container that ran code.

    items: paths of the items in a message; "" is the message itself. answer: where an item holds the answer, read by
    the first of `dialects` (names) that finds usage in it. id: what names the item within its batch.
    marker: what a message with items holds. model: what its price is listed under, where no answer names a model.
    batch: path of the batch's id in the message, where the URL does not hold it. operations: by the answer's `object`,
    where that is not the ordinary one of its dialect.
    """

    dialects: tuple[str, ...]
    items: tuple[str, ...]
    answer: tuple[str, ...]
    id: tuple[str, ...]
    status: tuple[str, ...] = ()
    batch: tuple[str, ...] = ()
    operations: Mapping[str, str] = field(default_factory=dict)
    marker: bytes = b""
    model: str = ""


NEVER = re.compile(rb"(?!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """How one WebSocket carries many responses, told by patterns of its messages, which are JSON texts.

    ask: the client asks for a response. refused: the answer to an `ask` that says that there will be none.
    begin, end: a response begins, is complete. each: every `begin` is a new response; False where all its messages fit.
    lull: a response is over, but its usage may follow: what begins next closes it.
    alone: a call that one message tells whole, such as a transcription (`alone_operation`).
    text: a piece of an answer, kept for an estimate. media: members that carry sound or pictures, told apart unparsed.
    key: paths that tell the responses of one socket apart in the messages above; `lane` finds it in any other.
    session: names the model of what follows (`model`, behind `model_prefix`), and that of the calls alone.
    status: path of how a response ended; `failed` ones say why at `reason`, `cancelled` ones were ended by the client.
    running: counts of the usage that go on from response to response, each of which is billed what it adds.
    """

    begin: re.Pattern[bytes]
    end: re.Pattern[bytes]
    each: bool = True
    ask: re.Pattern[bytes] = NEVER
    refused: re.Pattern[bytes] = NEVER
    lull: re.Pattern[bytes] = NEVER
    alone: re.Pattern[bytes] = NEVER
    alone_operation: str = "transcription"
    text: re.Pattern[bytes] = NEVER
    media: tuple[bytes, ...] = ()
    key: tuple[str, ...] = ()
    lane: re.Pattern[bytes] = NEVER
    session: re.Pattern[bytes] = NEVER
    model: tuple[str, ...] = ()
    model_prefix: str = ""
    alone_model: tuple[str, ...] = ()
    status: str = "response.status"
    failed: frozenset[str] = frozenset({"failed"})
    cancelled: frozenset[str] = frozenset({"cancelled"})
    reason: tuple[str, ...] = ()
    running: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proto:
    """The messages of a gRPC method, as schemas that give the JSON which the paths lead into."""

    answer: Schema
    request: Schema

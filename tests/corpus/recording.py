"""Recorded exchanges as plain Python: HAR entries, and the JSON messages of a body whatever its framing.

It is written apart from the product on purpose (no `llmobs` import) and knows nothing of usage.
"""

import base64
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.corpus.frames import framed, is_event_stream

# Beside the project, unless a worktree that lies elsewhere says where.
CORPUS = Path(os.environ.get("LLMOBSERVE_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded request and its answer."""

    file: str
    index: int
    source: str
    started: str
    method: str
    host: str
    path: str
    query: str
    request_body: bytes
    status: int
    response_headers: dict[str, str]
    response_body: bytes

    @property
    def request(self) -> Json:
        """The request's JSON object, empty where it has none."""
        try:
            value = json.loads(self.request_body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def asked(self) -> dict[str, str]:
        """The parameters of the query, and of a form that was sent as one."""
        texts = (self.query, self.request_body.decode("latin-1") if self.request_body[:1] != b"{" else "")
        return {name: values[-1] for text in texts for name, values in parse_qs(text, max_num_fields=1000).items()}

    @property
    def label(self) -> str:
        """How a report names the exchange."""
        return f"{self.file}[{self.index}] {self.method} {self.path} {self.status} {self.source}"


def har_files() -> list[Path]:
    """Every recording there is, none where the corpus is not mounted."""
    return sorted(CORPUS.glob("*.har"))


def exchanges(har: Path) -> list[Exchange]:
    """All entries of a HAR file in the order of the file."""
    entries = json.loads(har.read_text())["log"]["entries"]
    return [_exchange(har.stem, index, entry) for index, entry in enumerate(entries)]


def _exchange(file: str, index: int, entry: dict) -> Exchange:  # type: ignore[type-arg]
    request, response = entry["request"], entry["response"]
    url = urlsplit(request["url"])
    return Exchange(
        file=file,
        index=index,
        source=entry["comment"].split(" ")[0],
        started=entry["startedDateTime"],
        method=request["method"],
        host=url.hostname or "",
        path=url.path + (f"#{url.fragment}" if url.fragment else ""),
        query=url.query,
        request_body=_content(request.get("postData", {})),
        status=response["status"],
        response_headers={h["name"].lower(): h["value"] for h in response["headers"]},
        response_body=_content(response["content"]),
    )


def _content(part: dict) -> bytes:  # type: ignore[type-arg]
    text = part.get("text", "")
    return base64.b64decode(text) if part.get("encoding") == "base64" else text.encode()


def messages(body: bytes) -> list[Json]:
    """The JSON objects that a body carries: itself, the items of an array, SSE `data`, lines or frames."""
    if is_event_stream(body):
        return framed(body)
    text = body.decode("utf-8", "replace").lstrip("\ufeff")
    whole = _json(text)
    if isinstance(whole, list):
        return [item for item in whole if isinstance(item, dict)]
    if isinstance(whole, dict):
        return [whole]
    texts = _sse(text) if re.search(r"^(data|event):", text, re.MULTILINE) else text.splitlines()
    return [value for value in map(_json, texts) if isinstance(value, dict)]


def _sse(text: str) -> Iterator[str]:
    for block in re.split(r"\n\n+", text.replace("\r\n", "\n").replace("\r", "\n")):
        data = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        if data:
            yield "\n".join(data)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None

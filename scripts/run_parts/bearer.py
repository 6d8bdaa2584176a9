"""On whose behalf a command runs, as the user name of its proxy and as headers; it does not know who reads them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

# Key in the user name -> header that says the same, for clients that can't carry a user name.
HEADERS = {
    "customer": "X-LLMObserve-Customer-ID",
    "run": "X-LLMObserve-Run-ID",
    "section": "X-LLMObserve-Section",
    "feature_version": "X-LLMObserve-Feature-Version",
    "experiment": "X-LLMObserve-Experiment-ID",
    "variant": "X-LLMObserve-Variant-ID",
    "prompt_version": "X-LLMObserve-Prompt-Version",
}
_TAGS = "X-LLMObserve-Tags"
# Several clients drop a user name that comes without a password.
_PASSWORD = "x"  # noqa: S105 -- no secret


@dataclass(frozen=True, slots=True)
class Bearer:
    """What is known of a command: values by the keys of HEADERS, and tags of the user's own."""

    known: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def run(self) -> str:
        """The id that its calls can be summed by."""
        return self.known["run"]

    def url(self, host: str, port: int, login: tuple[str, str] | None = None) -> str:
        """The address of the proxy with all of it in the user name, behind the user who is let in."""
        user, password = login or ("", "")
        said = (f"{quote(key, '')}={quote(value, '')}" for key, value in {**self.tags, **self.known}.items())
        name = ";".join([*([user] if user else []), *said])
        place = f"[{host}]" if ":" in host else host
        return f"http://{quote(name, '')}:{quote(password or _PASSWORD, '')}@{place}:{port}"

    def headers(self) -> dict[str, str]:
        """The same as headers."""
        headers = {HEADERS[key]: value for key, value in self.known.items()}
        tags = ",".join(f"{quote(key, '')}={quote(value, '')}" for key, value in self.tags.items())
        return headers | ({_TAGS: tags} if tags else {})


def bearer(known: Mapping[str, str | None], tags: Sequence[tuple[str, str]]) -> Bearer:
    """What was said, with a new run id where none was."""
    said = {key: value for key, value in known.items() if value}
    return Bearer({"run": new_run(), **said}, dict(tags))


def new_run() -> str:
    """An id that tells when, and that no other run has."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"

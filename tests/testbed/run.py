"""One test's traffic: a run id that marks its rows, the headers that carry it, and the rows themselves."""

import ssl
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.testbed import rows
from tests.testbed.proxy import Proxy
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import PATIENCE_SECONDS, Upstream


@dataclass(frozen=True, slots=True)
class Run:
    """Requests that bear the same `id`."""

    proxy: Proxy
    upstream: Upstream
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def headers(self, scenario: Scenario | None = None, /, **more: str) -> dict[str, str]:
        """What a request of this run sends besides its own headers."""
        return {"X-LLMObserve-Run-ID": self.id, **(scenario or Scenario()).header(), **more}

    def socket_options(self) -> dict[str, Any]:
        """How a blocking WebSocket client connects, which writes while another of its threads reads.

        Python's TLS is not made for that: over TLS 1.3 a request that is sent while the server's session ticket is read
        is lost, also without a proxy. TLS 1.2 has no such ticket.
        """
        trust = ssl.create_default_context(cafile=str(self.proxy.bundle))
        trust.maximum_version = ssl.TLSVersion.TLSv1_2
        return {"ssl": trust, "open_timeout": PATIENCE_SECONDS}

    def rows(self, count: int = 1) -> list[dict[str, Any]]:
        """The run's rows, once `count` are there; more is an error."""
        return rows.of_run(self.proxy.db, self.id, count)

    def row(self) -> dict[str, Any]:
        """The run's only row."""
        return self.rows()[0]

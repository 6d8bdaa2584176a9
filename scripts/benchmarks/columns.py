"""The proxies that are compared, all running at once and each pinned to the same core; it does not know the load."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.testbed.proxy import Proxy
from tests.testbed.upstream import Upstream

BARE, NOOP, ADDON = "bare mitmdump", "no-op stream", "with addon"
POLICIES, RELAY = "and policies", "and relay"
NAMES = (BARE, NOOP, ADDON, POLICIES, RELAY)
_FILES = {POLICIES: Path(__file__).with_name("policies.yaml"), RELAY: Path(__file__).with_name("relay.yaml")}
_NOOP = Path(__file__).with_name("noop.py")
_SAMPLER = Path(__file__).with_name("sampler.py")
# The addon keeps its console quiet; bare mitmproxy must not lose by writing logs.
_QUIET = {"flow_detail": "0"}


@contextlib.contextmanager
def columns(folder: Path, upstream: Upstream) -> Iterator[dict[str, Proxy]]:
    """One running proxy for each column."""
    proxies = {
        BARE: Proxy(folder / "bare", upstream, addon=False, options=_QUIET),
        NOOP: Proxy(folder / "noop", upstream, addon=False, scripts=[_NOOP], options=_QUIET),
        ADDON: Proxy(folder / "addon", upstream, pricing=None),
    }
    for name, file in _FILES.items():
        proxies[name] = Proxy(folder / file.stem, upstream, pricing=None, options={"llmobserve_policy": str(file)})
    with contextlib.ExitStack() as stack:
        for proxy in proxies.values():
            stack.enter_context(proxy)
            pin(proxy.process.pid, 0)
        yield proxies


@contextlib.contextmanager
def sampled(folder: Path, upstream: Upstream, counts: Path) -> Iterator[Proxy]:
    """A proxy with the addon that writes a profile to `counts` when it ends."""
    options = {"sampler_file": str(counts)}
    with Proxy(folder / "sampled", upstream, pricing=None, scripts=[_SAMPLER], options=options) as proxy:
        pin(proxy.process.pid, 0)
        yield proxy


def pin(pid: int, core: int) -> None:
    """Keep a process, with all its threads to come, on one core, where the system has several and can do that."""
    if hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})


@contextlib.contextmanager
def staying(core: int) -> Iterator[None]:
    """Keep this process on one core for a while."""
    before = os.sched_getaffinity(0)
    pin(os.getpid(), core)
    try:
        yield
    finally:
        for task in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(task.name), before)

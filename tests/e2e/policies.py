"""A proxy of its own with a policy file, for the tests of one policy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.upstream import Upstream


@contextmanager
def ruled(
    folder: Path,
    upstream: Upstream,
    text: str,
    patch: pytest.MonkeyPatch,
    scripts: Sequence[Path] = (),
) -> Iterator[Run]:
    """Traffic through a proxy that has this policy file, by clients that find it in their environment."""
    folder.mkdir(parents=True, exist_ok=True)
    policy = folder / "policy.yaml"
    policy.write_text(text)
    with Proxy(folder, upstream, scripts=scripts, options={"llmobserve_policy": str(policy)}) as proxy:
        for name, value in proxy.environment().items():
            patch.setenv(name, value)
        yield Run(proxy, upstream)

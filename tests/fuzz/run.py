"""A coverage-guided fuzzer over the decoders: `python -m tests.fuzz.run TARGET SECONDS`; the target `all` is every one.

What breaks a promise is written to `crash-*` files beneath `.fuzz/`, and the same bytes given as a third argument show
it again.
"""

import subprocess
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["llmobs"]):
    from tests.fuzz.targets import TARGETS

HOME = Path(".fuzz")
# Beyond these a fuzzer only grows slower; what size alone can do is tested apart.
MAX_BYTES = 4096
# A target takes a millisecond; whatever takes this long or this much grows without bound.
OPTIONS = [f"-max_len={MAX_BYTES}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"]


def fuzz(name: str, seconds: str, *reproduce: str) -> None:
    """Run one target; the fuzzer ends the process itself."""
    corpus, found = HOME / name / "corpus", HOME / name
    corpus.mkdir(parents=True, exist_ok=True)
    for at, seed in enumerate(TARGETS[name].beginnings()):
        (corpus / f"seed-{at}").write_bytes(seed)
    goal = reproduce or (str(corpus),)
    arguments = [sys.argv[0], *OPTIONS, f"-max_total_time={seconds}", f"-artifact_prefix={found}/", *goal]
    atheris.Setup(arguments, TARGETS[name])
    atheris.Fuzz()


def every(seconds: str) -> int:
    """Run all targets, one after the other; how many broke a promise."""
    failed = 0
    for name in TARGETS:
        print(f"fuzz {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", "tests.fuzz.run", name, seconds], check=False)
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    target, *rest = sys.argv[1:] or ["all"]
    if target == "all":
        sys.exit(every(*(rest or ["60"])))
    fuzz(target, *(rest or ["60"]))

"""A mitmdump script: the minute of rate limits takes TESTBED_MINUTE_S seconds, so that a test can wait for its end."""

import os
import sys
from pathlib import Path

# The package beside the entry, as the entry itself finds it.
sys.path.insert(0, str(Path(__file__).parents[2] / "addon"))

from llmobs.policy import rate_limits, sliding

rate_limits.WINDOW_S = sliding.WINDOW_S = float(os.environ["TESTBED_MINUTE_S"])  # type: ignore[attr-defined]

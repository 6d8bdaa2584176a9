"""Times as people write them on a command line, in UTC as the database has them."""

import argparse
from datetime import datetime

from llmobs import choice
from llmobs.choice import MOMENTS

__all__ = ["MOMENTS", "moment"]


def moment(text: str) -> datetime:
    """A time in UTC, without a zone; raises what argparse prints."""
    try:
        return choice.moment(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None

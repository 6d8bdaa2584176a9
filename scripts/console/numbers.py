"""Numbers as people write them on a command line; it does not know what they count."""

import argparse


def whole(text: str) -> int:
    """A whole number from 1 on, with or without underscores; raises what argparse prints."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0; write for example 1000")
    return number


def share(text: str) -> float:
    """A confidence; raises what argparse prints."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.5 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no confidence; write for example 0.95 or 0.99")
    return number

"""Keeps trouble away from the program; does not know what of."""

from __future__ import annotations

import functools
import logging
from typing import Any, Callable, TypeVar, cast

LOG = logging.getLogger("llmobserve")
F = TypeVar("F", bound=Callable[..., Any])


def quietly(function: F) -> F:
    """The function, with None as its result where it fails."""

    @functools.wraps(function)
    def attempt(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception:
            LOG.debug("%s failed", function.__qualname__, exc_info=True)

    return cast("F", attempt)

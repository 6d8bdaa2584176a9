"""The only package that imports mitmproxy: its hooks on one side, taps and the writer on the other."""

from llmobs.hooks.addon import LLMObserve
from llmobs.hooks.doorman import Doorman

__all__ = ["Doorman", "LLMObserve"]

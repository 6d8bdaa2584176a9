"""The script for mitmdump: mitmdump -s addon/llmobserve.py."""

from llmobs.hooks import Doorman, LLMObserve

meter = LLMObserve()
addons = [meter, Doorman(meter)]

"""Gemini Live (BidiGenerateContent): a WebSocket whose every generation tells what it used.

Source: the Live API reference (BidiGenerateContentServerMessage, UsageMetadata: `response...` for `candidates...`).
Each `usageMetadata` is a bill of its own with the whole context in it, neither a running total nor a part of one: a
turn that calls a tool may have two. Thoughts stand beside the response, and not every model counts them in the total.
"""

import re

from llmobs.dialect import Dialect, Fee, Turns
from llmobs.dialects.gemini import GEMINI

GEMINI_LIVE = Dialect(
    name="gemini_live",
    usage=("usageMetadata",),
    counts=GEMINI.counts,
    fees=(
        Fee("web_search", "", "serverContent.groundingMetadata.webSearchQueries[]"),
        Fee("grounded_prompt", "", "serverContent.groundingMetadata.webSearchQueries[]", once=True),
    ),
    tier=GEMINI.tier,
    tiers=GEMINI.tiers,
    error=("error.status", "error.code", "error"),
    markers=(b'"usageMetadata"', b'"webSearchQueries"', b'"error"'),
    text=("serverContent",),
    turns=Turns(
        begin=re.compile(rb'"(?:modelTurn|toolCall)"\s*:'),
        each=False,
        end=re.compile(rb'"usageMetadata"\s*:\s*\{'),
        lull=re.compile(rb'"turnComplete"\s*:\s*true'),
        text=re.compile(rb'"(?:modelTurn|outputTranscription)"\s*:'),
        media=(b'"inlineData"', b'"realtimeInput"', b'"realtime_input"'),
        session=re.compile(rb'"setup"\s*:'),
        model=("setup.model",),
        model_prefix="models/",
    ),
)

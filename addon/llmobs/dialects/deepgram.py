"""Deepgram: seconds of every channel that was heard, and the characters that were spoken, in a header.

Source: the Deepgram API reference (listen: `metadata.duration` and `metadata.channels`; speak: `dg-char-count`,
`dg-model-name`). With a callback the answer names the request only, and what it costs is never seen.
"""

from llmobs.dialect import Count, Dialect, Variant

_ERROR = ("err_code", "category", "error")

DEEPGRAM_LISTEN = Dialect(
    name="deepgram_listen",
    operation="transcription",
    usage=("metadata",),
    counts=(Count("audio_second", ("duration",), times=("channels",)),),
    variant=(Variant(("language",)),),
    default_model="base",
    response_id=("metadata.request_id", "request_id"),
    error=_ERROR,
    markers=(b'"metadata"', b'"err_code"', b'"error"'),
)

DEEPGRAM_SPEAK = Dialect(
    name="deepgram_speak",
    operation="speech",
    usage=("metadata",),
    counts=(Count("character", ("dg-char-count",)),),
    headers=("dg-char-count",),
    default_model="aura-asteria-en",
    response_id=("request_id",),
    error=_ERROR,
)

# Summaries, topics and sentiments of a text, by the token.
DEEPGRAM_READ = Dialect(
    name="deepgram_read",
    operation="analysis",
    usage=("metadata.summary_info", "metadata.topics_info", "metadata.intents_info", "metadata.sentiment_info"),
    counts=(Count("input", ("input_tokens",)), Count("output", ("output_tokens",))),
    response_id=("metadata.request_id",),
    error=_ERROR,
    markers=(b'"metadata"', b'"err_code"', b'"error"'),
)

"""OpenAI Realtime and what speaks it (Azure, xAI): a socket whose responses and transcriptions are billed one by one.

Source: the OpenAI API reference (Realtime server events, `response.usage`); each response bills all its context again.
xAI puts `usage` beside `response`, and its `billable_audio_seconds` is a running total of the session.
"""

import re

from llmobs.dialect import Count, Dialect, Turns

_TRANSCRIPTION = ("session.audio.input.transcription.model", "session.input_audio_transcription.model")


def _type(names: str) -> re.Pattern[bytes]:
    return re.compile(rb'"type"\s*:\s*"(?:' + names.encode() + rb')"')


OPENAI_REALTIME = Dialect(
    name="openai_realtime",
    roots=("response", ""),
    usage=("usage",),
    counts=(
        Count("input", ("input_tokens",)),
        Count("cached_input", ("input_token_details.cached_tokens",), within=("input",)),
        *(
            Count(f"input_{kind}", (f"input_token_details.{kind}_tokens",), within=("input",))
            for kind in ("audio", "image")
        ),
        *(
            Count(
                f"cached_input_{kind}",
                (f"input_token_details.cached_tokens_details.{kind}_tokens",),
                within=("cached_input", f"input_{kind}", "input"),
            )
            for kind in ("audio", "image")
        ),
        Count("output", ("output_tokens",)),
        Count("output_audio", ("output_token_details.audio_tokens",), within=("output",)),
        Count("reasoning", ("output_token_details.reasoning_tokens",), within=("output",)),
        Count("audio_second", ("billable_audio_seconds", "seconds")),
    ),
    total="total_tokens",
    error=("error.code", "error.type", "error"),
    text=("delta",),
    prompt=("response",),
    turns=Turns(
        ask=_type(r"response\.create"),
        refused=_type("error"),
        begin=_type(r"response\.created"),
        end=_type(r"response\.done"),
        alone=_type(r"conversation\.item\.input_audio_transcription\.completed"),
        text=_type(r"response\.(?:output_)?(?:text|audio_transcript)\.delta|response\.function_call_arguments\.delta"),
        media=(b'audio.delta"', b'"input_audio_buffer.append"'),
        key=("response.id", "response_id"),
        lane=re.compile(rb'"response_id"\s*:\s*"([^"\\]{1,200})"'),
        session=_type(r"(?:transcription_)?session\.(?:created|updated?)"),
        model=("session.model",),
        alone_model=_TRANSCRIPTION,
        reason=("response.status_details.error.code", "response.status_details.error.type"),
        running=("billable_audio_seconds",),
    ),
)

"""ElevenLabs: speech tells its credits in a header; transcriptions tell the length of the sound, if anything.

Source: the ElevenLabs API reference (`character-cost`, `request-id`; speech to text: `audio_duration_secs`).
"""

from llmobs.dialect import Count, Dialect

ELEVENLABS = Dialect(
    name="elevenlabs",
    operation="speech",
    usage=("usage",),
    counts=(Count("credit", ("character-cost",)),),
    headers=("character-cost",),
    asked_model=("model_id",),
    default_model="eleven_multilingual_v2",
    error=("detail.status", "detail.code", "detail.type", "detail"),
)

ELEVENLABS_STT = Dialect(
    name="elevenlabs_stt",
    operation="transcription",
    usage=("",),
    counts=(Count("audio_second", ("audio_duration_secs", "transcripts[].audio_duration_secs")),),
    headers=("character-cost",),
    asked_model=("model_id",),
    response_id=("transcription_id", "request_id"),
    error=("detail.status", "detail.code", "detail.type", "detail"),
    markers=(b'"audio_duration_secs"', b'"error"'),
)

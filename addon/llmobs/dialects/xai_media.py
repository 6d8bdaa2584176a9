"""xAI's pictures, videos and voice.

Source: the xAI API reference. Pictures and videos tell what they cost, in ticks; voice tells nothing but the length of
what was heard, and the characters that are read out stand in the request.
"""

from llmobs.dialect import Asked, Count, Dialect, Fee, Job, Measure, Variant

XAI_IMAGES = Dialect(
    name="xai_images",
    operation="image_generation",
    usage=("usage",),
    counts=(),
    fees=(Fee("image", items="data"),),
    variant=(Variant(("quality", "resolution")),),
)

XAI_VIDEOS = Dialect(
    name="xai_videos",
    operation="video_generation",
    usage=("usage",),
    counts=(),
    fees=(Fee("video_second", "video.duration"),),
    response_id=("request_id",),
    job=Job(id=("request_id",), state=("status",), done=frozenset({"done"}), failed=frozenset({"failed", "expired"})),
    markers=(b'"status"', b'"error"'),
)

XAI_STT = Dialect(
    name="xai_stt",
    operation="transcription",
    usage=("",),
    counts=(Count("audio_second", ("duration",)),),
    default_model="grok-voice-transcribe-2.0",
    markers=(b'"duration"', b'"error"'),
)

XAI_TTS = Dialect(
    name="xai_tts",
    operation="speech",
    usage=("usage",),
    counts=(),
    asked=(Asked("character", ("text",), Measure.CHARACTERS),),
    default_model="grok-tts",
)

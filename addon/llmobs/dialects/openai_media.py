"""OpenAI's pictures, speech, transcriptions and videos, and the hosts that speak the same.

Source: the OpenAI API reference (images, audio, videos). What has no usage object is told by the request: DALL-E's
pictures by size and quality, the characters that tts-1 reads out. A video tells its seconds and size in every answer.
"""

from dataclasses import replace

from llmobs.dialect import Asked, Count, Dialect, Fee, Job, Measure, Variant
from llmobs.dialects.openai_responses import OPENAI_RESPONSES

_BASE = replace(OPENAI_RESPONSES, fees=(), job=None)

OPENAI_IMAGES = replace(
    _BASE,
    name="openai_images",
    operation="image_generation",
    fees=(Fee("image", items="data"),),
    variant=(Variant(("quality",), "standard"), Variant(("size",), "1024x1024")),
    default_model="dall-e-2",
)

OPENAI_SPEECH = replace(
    _BASE,
    name="openai_speech",
    operation="speech",
    asked=(Asked("character", ("input",), Measure.CHARACTERS),),
)

OPENAI_TRANSCRIPTION = replace(
    _BASE,
    name="openai_transcription",
    operation="transcription",
    # The detailed form tells the length of the sound beside the text, also where there is no usage object.
    fees=(Fee("audio_second", "duration"),),
)

OPENAI_VIDEOS = Dialect(
    name="openai_videos",
    operation="video_generation",
    usage=("",),
    counts=(Count("video_second", ("seconds",)),),
    variant=(Variant(("size",), "720x1280"),),
    default_model="sora-2",
    job=Job(id=("id",), state=("status",), done=frozenset({"completed"}), free=frozenset({"failed"})),
    markers=(b'"status"', b'"error"'),
)

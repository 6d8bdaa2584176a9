"""Google's pictures (Imagen), videos (Veo) and explicit caches, which the Gemini API and Vertex AI share.

Source: the Gemini API reference and the Vertex AI reference (predict, predictLongRunning, cachedContents). The answer
to a finished video does not say how long it is, so what was asked for is what it costs, unless it fails.
"""

from llmobs.dialect import Asked, Count, Dialect, Fee, Job, Measure, Variant

_ERROR = ("error.status", "error.code", "error")

GEMINI_IMAGES = Dialect(
    name="gemini_images",
    operation="image_generation",
    usage=("usageMetadata",),
    counts=(),
    fees=(Fee("image", items="predictions"),),
    error=_ERROR,
    markers=(b'"predictions"', b'"error"'),
)

GEMINI_VIDEOS = Dialect(
    name="gemini_videos",
    operation="video_generation",
    usage=("usageMetadata",),
    counts=(),
    asked=(
        Asked(
            "video_second",
            ("parameters.durationSeconds", "parameters.duration_seconds"),
            times=("parameters.sampleCount", "parameters.numberOfVideos"),
            default=8,
        ),
    ),
    variant=(Variant(("parameters.resolution",), "720p"), Variant(("parameters.generateAudio",), "True")),
    provisional=True,
    job=Job(id=("name",), state=("done",), done=frozenset({"", "True", "False"})),
    error=_ERROR,
    markers=(b'"name"', b'"error"'),
)

GEMINI_OPERATION = Dialect(
    name="gemini_operation",
    operation="video_generation",
    usage=("usageMetadata",),
    counts=(),
    looks_up=True,
    job=Job(id=("name",), state=("done",), done=frozenset({"True"})),
    error=_ERROR,
    markers=(b'"name"', b'"error"'),
)

# Tokens that are cached cost what any input costs, and then rent for as long as they were asked to be kept.
GEMINI_CACHES = Dialect(
    name="gemini_caches",
    operation="create_cache",
    usage=("usageMetadata",),
    counts=(Count("input", ("totalTokenCount",)),),
    asked=(Asked("cache_storage", ("ttl",), Measure.HOURS, times=("totalTokenCount",), default=1),),
    response_id=("name",),
    error=_ERROR,
    markers=(b'"usageMetadata"', b'"error"'),
)

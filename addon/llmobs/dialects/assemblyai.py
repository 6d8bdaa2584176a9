"""AssemblyAI's transcripts: a job that tells the length of the sound when it is done.

Source: the AssemblyAI API reference (transcript object, `audio_duration` in seconds, `speech_model_used`). A transcript
that fails is not charged. What a feature such as the detection of entities adds is not in the length.
"""

from llmobs.dialect import Count, Dialect, Job

ASSEMBLYAI = Dialect(
    name="assemblyai",
    operation="transcription",
    usage=("",),
    counts=(Count("audio_second", ("audio_duration",), times=("audio_channels",)),),
    model=("speech_model_used", "speech_model"),
    asked_model=("speech_models[]", "speech_model"),
    default_model="universal",
    job=Job(id=("id",), state=("status",), done=frozenset({"completed"}), free=frozenset({"error"})),
    error=("error",),
    markers=(b'"audio_duration"', b'"error"'),
)

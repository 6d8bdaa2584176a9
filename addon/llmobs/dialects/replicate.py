"""Replicate's predictions and trainings: jobs that tell how long they ran, or what an official model counted.

Source: the Replicate HTTP API reference (prediction object, `metrics`, which is complete when the status is terminal).
The hardware is named nowhere: an alias from the model to an entry such as `gpu-l40s` gives its price.
"""

from llmobs.dialect import Count, Dialect, Job

REPLICATE = Dialect(
    name="replicate",
    operation="prediction",
    usage=("metrics",),
    counts=(
        Count("input", ("input_token_count", "token_input_count")),
        Count("output", ("output_token_count", "token_output_count")),
        Count("image", ("image_count", "image_output_count")),
        Count("video_second", ("video_output_duration_seconds",)),
        Count("compute_second", ("predict_time",)),
    ),
    asked_model=("model", "version"),
    job=Job(
        id=("id",),
        state=("status",),
        done=frozenset({"succeeded"}),
        failed=frozenset({"failed", "canceled", "aborted"}),
    ),
    error=("error",),
    markers=(b'"metrics"', b'"error"'),
)

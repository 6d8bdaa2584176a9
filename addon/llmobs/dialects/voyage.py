"""Voyage's embeddings of text and pictures together: text by the token, pictures by the pixel.

Source: the Voyage API reference (multimodal embeddings: `usage.text_tokens`, `usage.image_pixels`); the total counts
the pixels again, as tokens, and is charged only where nothing else is told.
"""

from llmobs.dialect import Count, Dialect

VOYAGE_MULTIMODAL = Dialect(
    name="voyage_multimodal",
    operation="embeddings",
    usage=("usage",),
    counts=(
        Count("input", ("text_tokens", "total_tokens")),
        Count("pixel", ("image_pixels",)),
        Count("pixel", ("video_pixels",)),
    ),
    error=("detail", "error"),
)

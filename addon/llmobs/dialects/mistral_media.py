"""Mistral's OCR and speech; its transcriptions are told as chats are.

Source: the Mistral API reference (ocr: `usage_info`; audio/speech: the header that says what a query took from the
limit of characters). A page whose pictures or whole are annotated has a price of its own.
"""

from llmobs.dialect import Count, Dialect, Variant

MISTRAL_OCR = Dialect(
    name="mistral_ocr",
    operation="ocr",
    usage=("usage_info",),
    counts=(Count("page", ("pages_processed",)),),
    variant=(Variant(("document_annotation_format.type", "bbox_annotation_format.type")),),
    markers=(b'"usage_info"', b'"error"'),
)

MISTRAL_SPEECH = Dialect(
    name="mistral_speech",
    operation="speech",
    usage=("usage",),
    counts=(Count("character", ("x-ratelimit-input-characters-query-cost",)),),
    headers=("x-ratelimit-input-characters-query-cost",),
)

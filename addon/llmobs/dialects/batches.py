"""Batches: the objects that tell how far one is, and the answers that bring its results, item by item.

Sources: the API references of OpenAI (Batch object; output file, one JSON object a line), Mistral (batch jobs),
Anthropic (Message Batches, results as JSON lines), Gemini (BatchGenerateContent operations) and xAI (batches, results
in pages). What an item used is read by the dialect of its answer; everything told here is billed at the batch rate.
"""

from dataclasses import replace

from llmobs.dialect import Dialect, Job, Results
from llmobs.dialects.openai_responses import OPENAI_RESPONSES


def _batch(name: str, job: Job, results: Results | None = None, model: str = "model") -> Dialect:
    return Dialect(
        name=name, operation="batch", usage=(), counts=(), batch=True, model=(model,), job=job, results=results
    )


def _results(name: str, results: Results) -> Dialect:
    return Dialect(name=name, operation="batch", usage=(), counts=(), batch=True, results=results)


_OPENAI_LINES = Results(
    dialects=("openai_responses", "openai_chat"),
    items=("",),
    answer=("response.body",),
    id=("custom_id", "id"),
    status=("response.status_code", "error.code"),
    operations={"list": "embeddings", "text_completion": "text_completion"},
)
OPENAI_BATCH_RESULTS = _results("openai_batch_results", _OPENAI_LINES)

# Its usage totals come in the words of the Responses API, for batches of any endpoint. They are zeros until it has
# ended, and count as long as its lines have not passed by.
OPENAI_BATCH = replace(
    _batch(
        "openai_batch",
        Job(
            id=("id",),
            state=("status",),
            done=frozenset({"completed", "cancelled", "expired", "COMPLETED", "CANCELLED", "EXPIRED"}),
            failed=frozenset({"failed", "FAILED"}),
            results=("output_file_id",),
        ),
    ),
    roots=("job", ""),
    usage=("usage",),
    counts=tuple(count for count in OPENAI_RESPONSES.counts if count.unit != "audio_second"),
    total="total_tokens",
)

# A small job brings its results along, a large one in its output file.
MISTRAL_BATCH = _batch(
    "mistral_batch",
    Job(
        id=("id",),
        state=("status",),
        done=frozenset({"SUCCESS", "TIMEOUT_EXCEEDED", "CANCELLED"}),
        failed=frozenset({"FAILED"}),
        results=("output_file",),
    ),
    replace(_OPENAI_LINES, items=("outputs",), batch=("output_file", "id")),
)

ANTHROPIC_BATCH = _batch("anthropic_batch", Job(id=("id",), state=("processing_status",), done=frozenset({"ended"})))
ANTHROPIC_BATCH_RESULTS = _results(
    "anthropic_batch_results",
    Results(
        dialects=("anthropic",),
        items=("",),
        answer=("result.message",),
        id=("custom_id",),
        status=("result.type",),
    ),
)

# An operation holds its results or names the file that does.
_GEMINI_LINES = Results(
    dialects=("gemini",), items=("",), answer=("response",), id=("key", "metadata.key"), status=("error.code",)
)
GEMINI_BATCH_RESULTS = _results("gemini_batch_results", _GEMINI_LINES)
GEMINI_BATCH = _batch(
    "gemini_batch",
    Job(
        id=("name",),
        state=("metadata.state", "state"),
        done=frozenset({"BATCH_STATE_SUCCEEDED", "JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"}),
        failed=frozenset({"BATCH_STATE_FAILED", "JOB_STATE_FAILED"}),
        results=("metadata.output.responsesFile", "response.responsesFile"),
    ),
    replace(
        _GEMINI_LINES,
        items=tuple(
            f"{place}.{kind}.inlinedResponses"
            for place in ("metadata.output", "response")
            for kind in ("inlinedResponses", "inlinedEmbedContentResponses")
        ),
        batch=("name",),
    ),
    model="metadata.model",
)

# A batch of xAI has numbers of its requests, and no word for its state: it is settled by its results.
XAI_BATCH = _batch(
    "xai_batch",
    Job(id=("batch_id",), state=("state.num_requests",), done=frozenset()),
)
XAI_BATCH_RESULTS = _results(
    "xai_batch_results",
    Results(
        dialects=("openai_responses", "openai_chat"),
        items=("results",),
        answer=("batch_result.response.chat_get_completion", "batch_result.response"),
        id=("batch_request_id",),
        status=("batch_result.error.code", "batch_result.error"),
    ),
)

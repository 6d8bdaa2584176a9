"""OpenAI Responses, images and transcriptions: `input_tokens` and `output_tokens`, both inclusive.

Source: the OpenAI API reference (response object, streaming events, `usage`, `tool_usage`).
"""

from llmobs.dialect import Count, Dialect, Fee, Job

OPENAI_RESPONSES = Dialect(
    name="openai_responses",
    roots=("response", ""),
    usage=("usage",),
    counts=(
        Count("input", ("input_tokens",)),
        Count("cached_input", ("input_tokens_details.cached_tokens",), within=("input",)),
        Count("cache_write", ("input_tokens_details.cache_write_tokens",), within=("input",)),
        Count(
            "input_audio",
            ("input_tokens_details.audio_tokens", "input_token_details.audio_tokens"),
            within=("input",),
        ),
        Count(
            "input_image",
            ("input_tokens_details.image_tokens", "input_token_details.image_tokens"),
            within=("input",),
        ),
        Count("output", ("output_tokens",)),
        Count("reasoning", ("output_tokens_details.reasoning_tokens",), within=("output",)),
        Count("output_audio", ("output_tokens_details.audio_tokens",), within=("output",)),
        Count("output_image", ("output_tokens_details.image_tokens",), within=("output",)),
        Count("audio_second", ("seconds",)),
    ),
    total="total_tokens",
    fees=(
        # Only searches are charged; `open_page` and `find_in_page` are calls of the same item type.
        Fee(
            "web_search",
            "tool_usage.web_search.num_requests",
            "output",
            (("type", "web_search_call"), ("action.type", "search")),
        ),
        Fee("file_search", "", "output", (("type", "file_search_call"),)),
    ),
    # A stream that fails says `{"type":"error","code":...}`: flat, without an error object.
    error=("error.code", "error.type", "error.message", "error", "code"),
    markers=(b'"usage"', b'"error"'),
    # Only a background response goes on after its request; any other that is looked up was billed when it was made.
    job=Job(
        id=("id",),
        state=("status",),
        done=frozenset({"completed", "incomplete"}),
        failed=frozenset({"failed"}),
        only=("background", True),
    ),
    text=("delta", "output", "text"),
    prompt=("input", "instructions", "tools", "prompt"),
)

"""OpenAI Responses, images and transcriptions: `input_tokens` and `output_tokens`, both inclusive.

Source: the OpenAI API reference (response object, streaming events, `usage`, `tool_usage`, WebSocket mode).
"""

import re

from llmobs.dialect import Asked, Count, Dialect, Fee, Job, Results, Tool, Turns
from llmobs.dialects.openai_chat import XAI_TOOLS

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
        *XAI_TOOLS,
    ),
    tools=(
        Tool("image_gen", "tool_usage.image_gen", ("tools[type=image_generation].model",), default_model="gpt-image-1"),
    ),
    # A container is paid for once, however many answers run code in it.
    results=Results(
        dialects=("openai_container",),
        items=("response.output", "output"),
        answer=("container_id",),
        id=("container_id",),
        marker=b'"container_id"',
        model="code_interpreter",
    ),
    # A stream that fails says `{"type":"error","code":...}`: flat, without an error object.
    error=("error.code", "error.type", "error.message", "error", "code"),
    markers=(b'"usage"', b'"error"'),
    # Only a background response goes on after its request; any other that is looked up was billed when it was made.
    job=Job(
        id=("id",),
        state=("status",),
        done=frozenset({"completed", "incomplete"}),
        failed=frozenset({"failed", "cancelled"}),
        only=("background", True),
    ),
    text=("delta", "output", "text"),
    prompt=("input", "instructions", "tools", "prompt"),
    # Over a WebSocket the events are those of a stream; requests with a `stream_id` may run side by side.
    turns=Turns(
        ask=re.compile(rb'"type"\s*:\s*"response\.create"'),
        refused=re.compile(rb'"type"\s*:\s*"error"'),
        begin=re.compile(rb'"type"\s*:\s*"response\.created"'),
        end=re.compile(rb'"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed|cancelled)|error)"'),
        text=re.compile(rb'"type"\s*:\s*"response\.[a-z_.]+\.delta"'),
        key=("stream_id",),
        lane=re.compile(rb'"stream_id"\s*:\s*"([^"\\]{1,200})"'),
    ),
)

# One container that ran code, named by an answer that used it.
OPENAI_CONTAINER = Dialect(
    name="openai_container",
    operation="execute_tool",
    usage=(),
    counts=(),
    asked=(Asked("code_execution", (), default=1),),
)

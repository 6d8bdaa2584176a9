"""What the headers and trailers of a flow say."""

import pytest
from mitmproxy import http
from mitmproxy.test import tutils

from llmobs.hooks import flows

FAILED = http.Headers([(b"Grpc-Status", b"8")])


@pytest.mark.parametrize(
    ("headers", "trailers", "told"),
    [
        (http.Headers(), FAILED, "grpc_8"),
        (FAILED, None, "grpc_8"),
        (http.Headers([(b"grpc-status", b"0")]), None, None),
        (http.Headers([(b"grpc-message", b"8"), (b"grpc-encodi", b"8")]), None, None),
    ],
)
def test_status_of_a_grpc_call(headers: http.Headers, trailers: http.Headers | None, told: str | None) -> None:
    """A call that failed says so behind its answer, or in the head of one that has no body."""
    response = tutils.tresp(headers=headers, trailers=trailers)

    assert flows.grpc_error(response) == told

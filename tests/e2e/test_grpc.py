"""Real gRPC through a real proxy: untouched over HTTP/2, one row a call, metered where the messages are known."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import grpc
import pytest

from tests.dialects.test_grpc import XAI, XAI_LAST, nested, text
from tests.testbed import rows
from tests.testbed.certificates import Certificates, issue
from tests.testbed.proxy import Proxy

HOST = "api.x.ai"
CHUNK = text(1, "id-1") + nested(2, nested(1, text(1, "hi")))
REQUEST = nested(1, nested(2, text(1, "hello"))) + text(2, "grok-x")
RUN = (("x-llmobserve-run-id", "run"),)


class Handlers(grpc.GenericRpcHandler):
    """Plays xAI: one answer, a stream, an echo in both directions, and a refusal."""

    def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        """The handler of a method; it refuses whoever shows a header of ours."""
        if any(name.startswith("x-llmobserve") for name, _ in details.invocation_metadata):
            return None
        return {
            "/xai_api.Chat/GetCompletion": grpc.unary_unary_rpc_method_handler(lambda request, context: XAI),
            "/xai_api.Chat/GetCompletionChunk": grpc.unary_stream_rpc_method_handler(
                lambda request, context: iter([CHUNK, CHUNK, XAI_LAST])
            ),
            "/xai_api.New/Chat": grpc.stream_stream_rpc_method_handler(lambda requests, context: requests),
            "/xai_api.Image/GenerateImage": grpc.unary_unary_rpc_method_handler(_refuse),
        }.get(details.method)


def _refuse(request: bytes, context: grpc.ServicerContext) -> NoReturn:
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down")


@dataclass(slots=True)
class GrpcUpstream:
    """What a proxy needs to know of an upstream."""

    files: Certificates
    port: int


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy whose every host is a gRPC server."""
    folder = tmp_path_factory.mktemp("grpc")
    files = issue(folder, (HOST,))
    server = grpc.server(ThreadPoolExecutor(4), handlers=[Handlers()])
    credentials = grpc.ssl_server_credentials([(files.key.read_bytes(), files.chain.read_bytes())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    with Proxy(folder / "proxy", GrpcUpstream(files, port), pricing=None) as running:
        yield running
    server.stop(0).wait()


@pytest.fixture
def channel(proxy: Proxy) -> Iterator[grpc.Channel]:
    """A client that goes through the proxy and trusts it."""
    credentials = grpc.ssl_channel_credentials(Path(proxy.bundle).read_bytes())
    with grpc.secure_channel(f"{HOST}:443", credentials, [("grpc.http_proxy", proxy.url)]) as opened:
        yield opened


def test_every_kind_of_call_passes_and_is_counted(proxy: Proxy, channel: grpc.Channel) -> None:
    """Answers arrive byte for byte, and a method whose messages are not known is a row without a price."""
    complete: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/xai_api.Chat/GetCompletion")
    assert complete(REQUEST, metadata=RUN) == XAI
    stream: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream("/xai_api.Chat/GetCompletionChunk")
    assert list(stream(REQUEST, metadata=RUN))[-1] == XAI_LAST
    echo: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream("/xai_api.New/Chat")
    assert list(echo(iter([b"a", b"bc"]), metadata=RUN)) == [b"a", b"bc"]
    draw: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/xai_api.Image/GenerateImage")
    with pytest.raises(grpc.RpcError) as refused:
        draw(REQUEST, metadata=RUN)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    found = {row["path"]: row for row in rows.of_run(proxy.db, "run", 4)}
    for path in ("/xai_api.Chat/GetCompletion", "/xai_api.Chat/GetCompletionChunk"):
        row = found[path]
        assert (row["input_tokens"], row["cached_input_tokens"], row["output_tokens"]) == (100, 60, 50)
        assert (row["request_model"], row["response_model"], row["outcome"]) == ("grok-x", "grok-x", "ok")
        assert (row["cost_status"], float(row["cost_usd"])) == ("provider_reported", 5e-7)
    assert found["/xai_api.New/Chat"]["cost_status"] == "unpriced"
    refusal = found["/xai_api.Image/GenerateImage"]
    assert (refusal["cost_status"], refusal["error_type"], refusal["outcome"]) == ("not_billed", "grpc_8", "error")

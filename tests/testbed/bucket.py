"""A server that speaks S3, in this process or a proxy's reach, with one bucket; its log tells who put what."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

NAME = "calls"


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is, as AWS programs are told."""

    environment: dict[str, str]


@contextmanager
def serving() -> Iterator[Server]:
    """Run it; whoever uses it needs its environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield Server(
            {
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "example",
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            }
        )
    finally:
        server.stop()


def use(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process use the server, with an empty bucket."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    storage = S3FileSystem()
    if storage.exists(NAME):
        storage.rm(NAME, recursive=True)
    storage.mkdir(NAME)


def use_nobody(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let this process look for a server where there is none."""
    told = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    for name, value in (told | {"AWS_ENDPOINT_URL": address}).items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()

"""Content codings, however the encoded bytes are cut."""

import gzip
import importlib.util
import random
import sys
import zlib
from collections.abc import Callable, Iterable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.wire import content_encoding, zstd
from llmobs.wire.content_encoding import Decoder
from llmobs.wire.errors import WireError
from tests.cuts import however_cut, pieces_at

zstandard = pytest.importorskip("zstandard")

BODY = b'data: {"a":"' + "é😀x".encode() * 50 + b'"}\n\n' + random.Random(1).randbytes(200).hex().encode()


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the zlib header."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def zstd_frame(data: bytes) -> bytes:
    """One zstd frame."""
    return bytes(zstandard.compress(data))


def br(data: bytes) -> bytes:
    """A brotli stream."""
    return bytes(brotli.compress(data, quality=11 if len(data) < 1_000_000 else 1))


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": (" X-GZIP ", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", br),
    "zstd": ("zstd", zstd_frame),
    "gzip, br": ("gzip, br", lambda data: br(gzip.compress(data))),
    "identity, zstd, deflate": ("identity, zstd,deflate", lambda data: zlib.compress(zstd_frame(data))),
    "identity": ("identity", bytes),
    "none": ("", bytes),
}


def decode(header: str | None, pieces: Iterable[bytes]) -> bytes:
    """All output of a decoder; its WireError, if it raises one, counts as the output `<WireError>`."""
    decoder = Decoder(header)
    out = b""
    try:
        for piece in pieces:
            out += decoder.feed(piece)
        return out + decoder.close()
    except WireError as error:
        assert (decoder.feed(b"x"), decoder.close()) == (b"", b"")
        return out + error.data + b"<WireError>"


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("body", [BODY, b"{}", b"", b" " * 5000, bytes(range(256)) * 3])
def test_every_coding(name: str, body: bytes) -> None:
    """What a server encodes is decoded, alone and in chains."""

    header, encode = CODINGS[name]
    assert however_cut(encode(body), lambda pieces: decode(header, pieces)) == body


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("body", [BODY, b"[1]", b"[" + b"0.5," * 30 + b"1]", b"upstream error", "é".encode() * 40])
def test_plain_bytes_under_a_header(name: str, body: bytes) -> None:
    """A header that is no longer true is not believed."""

    header, _ = CODINGS[name]
    assert however_cut(body, lambda pieces: decode(header, pieces)) == body


@pytest.mark.parametrize("name", ["gzip", "zstd"])
@pytest.mark.parametrize("header", [None, "br", "gzip", "zstd", "deflate", "compress"])
def test_magic_bytes_under_another_header(name: str, header: str | None) -> None:
    """Magic bytes are believed before the header."""

    assert however_cut(CODINGS[name][1](BODY), lambda pieces: decode(header, pieces)) == BODY


@pytest.mark.parametrize("header", ["gzip", "zstd", "compress", None])
def test_binary_without_magic(header: str | None) -> None:
    """Bytes that the header's coding cannot begin with stay as they are."""

    body = bytes(range(1, 200))
    assert however_cut(body, lambda pieces: decode(header, pieces)) == body


@pytest.mark.parametrize(("size", "begin"), [(70_000, b"["), (1_000, b"\x1b")])
def test_brotli_that_begins_like_json(size: int, begin: bytes) -> None:
    """The first byte of a brotli stream may be a bracket, which does not make it text."""

    body = random.Random(2).randbytes(size // 2).hex().encode()
    encoded = br(body)
    assert encoded[:1] == begin
    assert however_cut(encoded, lambda pieces: decode("br", pieces), 3, bytewise=False) == body


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_and_padding(name: str) -> None:
    """Members and frames may follow one another, and padding after the last is passed over."""

    header, encode = CODINGS[name]
    encoded = encode(b"first, ") + encode(b"") + encode(BODY)
    for padding in (b"", b"\0" * 40, b"padding"):
        assert however_cut(encoded + padding, lambda pieces: decode(header, pieces)) == b"first, " + BODY


@pytest.mark.parametrize("name", CODINGS)
def test_truncated(name: str) -> None:
    """Input that is cut off anywhere gives the beginning of the body, without an error."""

    header, encode = CODINGS[name]
    encoded = encode(BODY)
    for size in range(len(encoded)):
        out = decode(header, [encoded[:size]])
        assert BODY.startswith(out), size


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br"])
def test_flushed_events_come_out_at_once(name: str) -> None:
    """What a server has flushed does not wait for what comes next."""

    flushed: dict[str, Callable[[], tuple[bytes, bytes]]] = {
        "gzip": lambda: _flushed(zlib.compressobj(wbits=31), zlib.Z_SYNC_FLUSH),
        "deflate": lambda: _flushed(zlib.compressobj(), zlib.Z_SYNC_FLUSH),
        "zstd": lambda: _flushed(zstandard.ZstdCompressor().compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK),
        "br": _flushed_br,
    }
    first, second = flushed[name]()
    decoder = Decoder(name)
    assert (decoder.feed(first), decoder.feed(second)) == (BODY, b"second")


def _flushed(packer: object, flush: int) -> tuple[bytes, bytes]:
    first, second = (packer.compress(body) + packer.flush(flush) for body in (BODY, b"second"))  # type: ignore[attr-defined]
    return first, second


def _flushed_br() -> tuple[bytes, bytes]:
    packer = brotli.Compressor()
    return packer.process(BODY) + packer.flush(), packer.process(b"second") + packer.flush()


def test_plain_is_told_once_known() -> None:
    """A caller learns that the decoder has nothing to do, but not before the bytes have told."""

    decoder = Decoder("gzip")
    assert decoder.feed(b"data: ") == b""
    told = [decoder.plain]
    assert decoder.feed(BODY) == b"data: " + BODY
    told.append(decoder.plain)
    assert (decoder.feed(b"\x1f\x8b"), decoder.close(), decoder.feed(b"x"), decoder.close()) == (
        b"\x1f\x8b",
        b"",
        b"",
        b"",
    )
    assert told == [False, True]


@pytest.mark.parametrize("name", ["gzip", "deflate", "raw deflate", "br", "zstd"])
def test_corrupt(name: str) -> None:
    """A fault in the bytes is a WireError or goes unnoticed, but never anything else."""

    header, encode = CODINGS[name]
    encoded = bytearray(encode(BODY))
    outcomes = set()
    for i in range(len(encoded)):
        corrupt = bytes(encoded[:i]) + bytes([encoded[i] ^ 0x55]) + bytes(encoded[i + 1 :])
        outcomes.add(decode(header, [corrupt]).endswith(b"<WireError>"))
    assert True in outcomes


def test_second_member_corrupt() -> None:
    """A later member that breaks in its middle is a fault, not padding, and what preceded it is kept."""

    second = gzip.compress(random.Random(3).randbytes(20_000), mtime=0)
    encoded = gzip.compress(b"first") + second[:12_000] + b"\xff" * 40 + second[12_040:]
    out = decode("gzip", [encoded])
    assert out.startswith(b"first")
    assert out.endswith(b"<WireError>")


def test_second_member_is_a_fault_however_it_is_cut() -> None:
    """Whether a broken later member had given anything before it broke makes no difference."""

    broken = gzip.compress(b"second")[:10] + b"\xff" * 40
    assert however_cut(gzip.compress(b"first") + broken, lambda pieces: decode("gzip", pieces)).endswith(b"<WireError>")


def test_what_follows_deflate_is_padding() -> None:
    """Deflate has no members, and what follows it begins like anything."""

    encoded = raw_deflate(BODY)
    assert however_cut(encoded + encoded, lambda pieces: decode("deflate", pieces), 5, bytewise=False) == BODY


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_bomb(name: str) -> None:
    """A bomb is an error before it fills the memory, and what it gave up to then is kept."""

    header, encode = CODINGS[name]
    out = decode(header, [encode(bytes(24 * 1024 * 1024))])
    assert out.endswith(b"<WireError>")
    assert 8 * 1024 * 1024 < len(out) <= content_encoding.FREE_BYTES + len(b"<WireError>")


def test_much_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call never gives more than its bound, whatever the ratio."""

    monkeypatch.setattr(content_encoding, "MAX_CALL_BYTES", 100)
    assert decode("gzip", [gzip.compress(BODY)]).endswith(b"<WireError>")


def test_too_many_codings() -> None:
    """A chain that no server applies is refused."""

    with pytest.raises(WireError, match="more than 4 content codings"):
        Decoder("gzip," * 5).feed(b"x")


def test_zstd_of_mitmproxy_12_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no other zstd module, the one that mitmproxy brings decodes the same."""

    monkeypatch.setitem(sys.modules, "backports", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    spec = importlib.util.spec_from_file_location("zstd_of_mitmproxy", str(zstd.__file__))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    frame = module.new_frame()
    encoded = zstd_frame(BODY)
    assert frame.decompress(encoded[:40]) + frame.decompress(encoded[40:] + b"rest") == BODY
    assert (frame.eof, frame.unused_data) == (True, b"rest")
    with pytest.raises(module.ZstdError):
        module.new_frame().decompress(b"no zstd at all")


def test_large_zstd_window() -> None:
    """A frame that asks for more memory than HTTP allows is refused."""

    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert decode("zstd", [packer.compress(BODY) + packer.flush()]) == b"<WireError>"


@given(st.sampled_from(list(CODINGS)), st.binary(max_size=300), st.lists(st.integers(0, 400)))
def test_any_body_at_any_cuts(name: str, body: bytes, at: list[int]) -> None:
    """What was encoded is decoded, wherever the encoded bytes are cut."""

    header, encode = CODINGS[name]
    if encode is not bytes:
        assert decode(header, pieces_at(encode(body), at)) == body


@given(st.sampled_from([*(header for header, _ in CODINGS.values()), "compress"]), st.binary(max_size=200))
def test_any_bytes(header: str, data: bytes) -> None:
    """Arbitrary bytes raise nothing but a WireError."""

    decode(header, [data, data])
    decode(header, [b"\x1f\x8b\x08\x00" + data])
    decode(header, [b"\x28\xb5\x2f\xfd" + data])

from hypothesis import given
from hypothesis import strategies as st

from llmobs.retries.fingerprint import Fingerprint

URL = "https://api.openai.com:443/v1/audio/transcriptions?"


def form(boundary: str, text: str = "hello") -> bytes:
    """A multipart body."""
    return f'--{boundary}\r\nContent-Disposition: form-data; name="x"\r\n\r\n{text}\r\n--{boundary}--\r\n'.encode()


def printed(body: bytes, kind: str = "application/json", *, cut: int = 0, method: str = "POST") -> str:
    """The hash of a body that comes in pieces of `cut` bytes."""
    found = Fingerprint(method, URL, kind)
    for piece in [body[at : at + cut] for at in range(0, len(body), cut)] if cut else [body]:
        found.feed(piece)
    return found.close()


def test_equal_requests() -> None:
    """Method, URL and body decide, to the byte."""

    assert len(printed(b"{}")) == 64
    assert printed(b"{}") == printed(b"{}")
    assert len({printed(b"{}"), printed(b"{} "), printed(b"{}", method="PUT")}) == 3


def test_a_boundary_is_made_up() -> None:
    """Equal forms are equal under any boundary, quoted or not; other forms are not."""
    first = printed(form("abc123"), "multipart/form-data; boundary=abc123")

    assert first == printed(form("zz9"), 'Multipart/Form-Data; charset=utf-8; boundary="zz9"')
    assert first != printed(form("abc123", "bye"), "multipart/form-data; boundary=abc123")
    assert first != printed(form("abc123"), "multipart/form-data")
    assert printed(form("q"), "multipart/form-data; boundary=q") == printed(
        form("Q"), "multipart/form-data; boundary=Q"
    )


@given(st.integers(1, 40), st.sampled_from(["abc123", "aab", "aaaa"]), st.text("ab\r\n-", max_size=30))
def test_any_cut(cut: int, boundary: str, text: str) -> None:
    """The hash does not depend on how the bytes were cut."""
    kind = f"multipart/form-data; boundary={boundary}"

    assert printed(form(boundary, text), kind, cut=cut) == printed(form(boundary, text), kind)

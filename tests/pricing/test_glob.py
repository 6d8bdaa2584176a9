"""Patterns of hosts, paths and names."""

import pytest
from pydantic_core import PydanticCustomError

from llmobs.pricing import glob


def refusal(read: object, text: object) -> str:
    """What is said about a text that is refused."""
    assert callable(read)
    with pytest.raises(PydanticCustomError) as caught:
        read(text)
    return caught.value.message()


@pytest.mark.parametrize(
    ("host", "port", "written"),
    [
        ("API.OpenAI.com", 443, "api.openai.com"),
        ("api.openai.com.", 443, "api.openai.com"),
        ("localhost", 11434, "localhost:11434"),
        ("::1", 8000, "[::1]:8000"),
        ("[::1]", 443, "[::1]"),
    ],
)
def test_endpoint_is_written_as_in_price_files(host: str, port: int, written: str) -> None:
    """An address reads as a price file writes it, with the port where it is not 443."""

    assert glob.endpoint(host, port) == written


@pytest.mark.parametrize(
    ("pattern", "wanted", "fits"),
    [
        ("*.api.openai.com", "eu.api.openai.com", True),
        ("*.api.openai.com", "api.openai.com", False),
        ("*.api.openai.com", "eu.api.openai.com.evil.example", False),
        ("*.api.openai.com", "eu.api.openai.com:8443", False),
        ("10.0.*", "10.0.0.1:8000", False),
        ("10.0.*:8000", "10.0.0.1:8000", True),
        ("localhost:*", "localhost:9", True),
        ("localhost:*", "localhost", True),
        ("[::1]:*", "[::1]:8000", True),
        ("[::1]:*", ":", False),
        ("bedrock-runtime.*.amazonaws.com", "bedrock-runtime.us-east-1.amazonaws.com", True),
        ("bedrock-runtime.{region}.amazonaws.com", "bedrock-runtime.us-east-1.amazonaws.com", True),
        ("bedrock-runtime.{region}.amazonaws.com", "bedrock-runtime.us.east.amazonaws.com", False),
    ],
)
def test_host_pattern_matches(pattern: str, wanted: str, fits: bool) -> None:
    """A * of the host stands for any characters of it, and a port only fits its own."""

    assert glob.fits(pattern, wanted) is fits


def test_host_is_read_in_small_letters_without_the_usual_port() -> None:
    """Hosts are compared in one spelling."""

    assert glob.host_pattern("API.openai.com:443") == "api.openai.com"
    assert glob.host_pattern("[::1]:8000") == "[::1]:8000"


def test_host_that_is_a_url() -> None:
    """A URL is told its host."""

    assert refusal(glob.host_pattern, "https://api.x.com:8443/v1").endswith("is not a host; write api.x.com:8443")
    assert refusal(glob.host_pattern, "a b/c").endswith("write a name such as api.openai.com")
    assert refusal(glob.host_pattern, "a b").endswith("write a name such as api.openai.com")


@pytest.mark.parametrize(
    ("pattern", "host", "region"),
    [
        ("bedrock-runtime.{region}.amazonaws.com", "bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1"),
        ("bedrock-runtime.{region}.amazonaws.com", "Bedrock-Runtime.EU-WEST-1.amazonaws.com.", "eu-west-1"),
        ("bedrock-runtime.{region}.amazonaws.com", "bedrock-runtime.a.b.amazonaws.com", None),
        ("{region}-aiplatform.googleapis.com", "us-central1-aiplatform.googleapis.com", "us-central1"),
        ("{region}-aiplatform.googleapis.com", "aiplatform.googleapis.com", None),
        ("{region}.*.example.com:8443", "eu.a.b.example.com", "eu"),
        ("*.example.com", "eu.example.com", None),
    ],
)
def test_host_pattern_captures_the_region(pattern: str, host: str, region: str | None) -> None:
    """{region} is one part of a host's name, in small letters, whatever the port."""

    assert glob.captured(pattern, host) == region
    assert glob.is_glob(pattern)


@pytest.mark.parametrize(
    ("host", "fix"),
    [
        ("api.{zone}.x.com", "{zone} cannot be captured, only {region} can; write api.*.x.com"),
        ("api.{region.x.com", "{region.x.com cannot be captured, only {region} can; write api.*"),
        ("{region}.{region}.x.com", "{region} stands twice in the host; write * for one of them"),
        ("{region}", "'{region}' would take every host; name the provider's own domain, such as *.example.com"),
    ],
)
def test_host_that_captures_nothing(host: str, fix: str) -> None:
    """What cannot be captured from a host is refused with what can."""

    assert refusal(glob.host_pattern, host) == fix


@pytest.mark.parametrize("host", ["*", "*:*", "*.*", "**"])
def test_host_that_takes_everything(host: str) -> None:
    """A pattern that would make the proxy decrypt every host is refused."""

    assert "would take every host" in refusal(glob.host_pattern, host)


@pytest.mark.parametrize(
    ("pattern", "path", "model"),
    [
        ("**/chat/completions", "/v1/chat/completions", ""),
        ("**/chat/completions", "/chat/completions", ""),
        ("**/chat/completions", "/v1/chat/completions/x", None),
        ("/v1/*/x", "/v1/a/x", ""),
        ("/v1/*/x", "/v1/a/b/x", None),
        ("/v1/files/**", "/v1/files/a/b", ""),
        ("**/models/{model}:*", "/v1beta/models/gemini-x:generateContent", "gemini-x"),
        ("**/models/{model}:*", "/v1beta/models/gemini-x", None),
        ("**/models/{model}", "/v1beta/models/gemini-x:generateContent", None),
        ("/model/{model}/converse", "/model/a.b-v1:0/converse", "a.b-v1:0"),
        ("/model/{model}/converse", "/model/a/b/converse", None),
        ("/models/{model**}", "/models/org/name-1", "org/name-1"),
        ("/models/{model**}/predictions", "/models/org/name/predictions", "org/name"),
        ("/ai/run/{model**}", "/ai/run/@cf/meta/llama:1", "@cf/meta/llama:1"),
        ("/a.b", "/aXb", None),
    ],
)
def test_path_pattern_matches(pattern: str, path: str, model: str | None) -> None:
    """* stays in its segment, ** does not, {model} is one segment up to a colon."""
    found = glob.path_regex(glob.path_pattern(pattern)).fullmatch(path)

    assert (None if found is None else found.groupdict().get("model", "")) == model


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("v1/x", "write /v1/x or **/v1/x"),
        ("/v1/x?a=b", "write /v1/x"),
        ("/v1/{deployment}/x", "{deployment} cannot be captured, only {model}, {model**} and {id} can; write /v1/*/x"),
        ("/v1/{model", "{model cannot be captured, only {model}, {model**} and {id} can; write /v1/*"),
        ("/{model}/{model**}", "{model} stands twice in the path; write * for one of them"),
        ("/{model}/{model}", "{model} stands twice in the path; write * for one of them"),
    ],
)
def test_path_that_cannot_match(path: str, fix: str) -> None:
    """A path that would never match is refused with one that does."""

    assert refusal(glob.path_pattern, path).endswith(fix)


def test_method() -> None:
    """A method is written in capitals, * is any."""

    assert glob.method("post") == "POST"
    assert glob.method("*") == "*"
    assert "is not an HTTP method" in refusal(glob.method, "GET POST")


def test_names_match_without_case() -> None:
    """Names and patterns are compared without capitals."""

    assert glob.matches("GPT-4*", "gpt-4o")
    assert not glob.matches("gpt-4", "gpt-4o")
    assert glob.is_glob("a?")
    assert not glob.is_glob("a")


@pytest.mark.parametrize(
    ("prefix", "name", "left"),
    [
        ("openai/", "openai/gpt-4", "gpt-4"),
        ("openai/", "my-openai/gpt-4", "my-openai/gpt-4"),
        ("arn:*:profile/", "arn:x:y:profile/us.m", "us.m"),
        ("arn:*:profile/", "arn:x:profile/a:profile/b", "a:profile/b"),
        ("arn:*:profile/", "arn:x:my-profile/a", "arn:x:my-profile/a"),
        ("v?/", "v2/m", "m"),
    ],
)
def test_without_a_prefix(prefix: str, name: str, left: str) -> None:
    """A prefix is taken off the beginning once; a * of it takes as little as it can."""

    assert glob.without(prefix, name) == left


@pytest.mark.parametrize(
    ("pattern", "target", "name", "renamed"),
    [
        ("fast-*", "slow", "fast-1", "slow"),
        ("us.*", "*", "us.m", "m"),
        ("jp.*", "apac.*", "jp.m.1", "apac.m.1"),
        ("*.meta.*", "meta.*", "eu.meta.llama", "meta.llama"),
        ("?.m", "m", "x.m", "m"),
        ("us.*", "*", "eu.m", None),
        ("[a]*", "b", "a", None),
    ],
)
def test_renamed(pattern: str, target: str, name: str, renamed: str | None) -> None:
    """The * of a target stands for what the last one of the pattern took."""

    assert glob.renamed(pattern, target, name) == renamed

"""What a path means to a provider."""

from llmobs.pricing.provider import PathRule, Route

GEMINI = Route("gemini", free=False, model=None, operation="embeddings", model_glob=None)


def rule(path: str, method: str = "POST", model: str | None = None) -> PathRule:
    """One line of routes."""
    return PathRule(method, path, Route("gemini", free=False, model=None, operation=None, model_glob=model))


def test_path_without_model() -> None:
    """A rule that captures nothing gives the route as it is."""
    found = PathRule("POST", "/a", GEMINI)

    assert found.match("POST", "/a", None) is GEMINI
    assert found.match("POST", "/b", None) is None


def test_model_in_the_url_is_decoded() -> None:
    """A captured model is percent-decoded, whatever else the route says."""
    found = rule("/model/{model}/invoke").match("POST", "/model/arn%3Aaws%3Abedrock%2Fx/invoke", None)

    assert found is not None
    assert found.model == "arn:aws:bedrock/x"


def test_method_must_fit() -> None:
    """A rule holds for its method, or for any."""

    assert rule("/a").match("GET", "/a", None) is None
    assert rule("/a", "GET").match("GET", "/a", None) is not None
    assert rule("/a", "*").match("DELETE", "/a", None) is not None


def test_model_must_fit_once_it_is_known() -> None:
    """A rule for some models is passed over for another model, and holds while the model is unknown."""
    found = rule("/a", model="claude*")

    assert found.match("POST", "/a", "Claude-x") is not None
    assert found.match("POST", "/a", "gpt-x") is None
    assert found.match("POST", "/a", None) is not None
    assert rule("/m/{model}", model="claude*").match("POST", "/m/gpt-x", "claude-x") is None

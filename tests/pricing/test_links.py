"""What only shows when the files lie side by side."""

from llmobs.config import Document, KeyPath, Problem
from llmobs.pricing.links import Links

RULES = [{"input": "1"}]
OURS = {
    "openai": {"hosts": ["api.openai.com"], "aliases": {"chatgpt": "GPT-4o"}, "models": {"gpt-4o": RULES}},
    "azure": {"hosts": ["*.azure.com"], "prices_from": ["openai"], "aliases": {"mine": "gpt-4o"}},
}


def said(*files: object, ours: object = OURS) -> list[tuple[str, KeyPath, str]]:
    """What is said about our file and others on top of it, by file and place."""
    documents = [Document("ours", {"updated": "2026-11-20", "providers": ours})]
    documents += [Document(f"user{n}", {"providers": providers}) for n, providers in enumerate(files)]
    return [(doc.file, problem.path[1:], problem.text) for doc, problem in Links(documents).problems()]


def test_good_files() -> None:
    """Names that lead somewhere are fine, in any file."""
    user = {
        "openai": {"hosts": ["proxy.example", "API.openai.com:443"], "aliases": {"x": "gpt-4o"}},
        "mine": {"hosts": ["localhost:1"], "prices_from": ["azure", "list"]},
        "list": {"models": {"y": RULES}},
    }

    assert said() == []
    assert said(user) == []


def test_unknown_price_list() -> None:
    """A list of a provider that no file has is told the closest, and a provider's own list is not named."""

    assert said({"openai": {"prices_from": ["azur", "openai"]}}) == [
        ("user0", ("openai", "prices_from", 0), "there is no provider azur; did you mean azure?"),
        ("user0", ("openai", "prices_from", 1), "a provider's own prices come first anyway; take it out"),
    ]


def test_alias_with_a_rule() -> None:
    """A target with a * has to fit some model."""

    user = {"openai": {"aliases": {"us.*": "gpt-*", "eu.*": "gtp-*"}}}
    assert said(user) == [("user0", ("openai", "aliases", "eu.*"), "there is no model gtp-*; write one of gpt-4o")]


def test_alias_without_model() -> None:
    """An alias leads to a model of the merged provider or of a list that it takes prices from."""
    user = {
        "openai": {"models": {"new": RULES}},
        "azure": {"aliases": {"a": "new", "b": "gpt-4p"}},
    }

    assert said(user) == [("user0", ("azure", "aliases", "b"), "there is no model gpt-4p; did you mean gpt-4o?")]


def test_route_priced_as_an_unknown_model() -> None:
    """A route that names its model names one that has a price."""
    routes = [{"path": "/a", "free": "true"}, {"path": "/s", "priced_as": "gpt-4o"}, {"path": "/t", "priced_as": "gpt"}]

    assert said({"azure": {"routes": routes}}) == [
        ("user0", ("azure", "routes", 2, "priced_as"), "there is no model gpt; did you mean gpt-4o?")
    ]
    assert said({"azure": {"routes": ["x", {"path": "/s", "priced_as": ["x"]}]}}) == []


def test_host_of_two_providers() -> None:
    """A host has one provider; the message says which file has it already."""
    user = {"mine": {"hosts": ["x.example", "API.OPENAI.COM:443"]}}
    text = "API.OPENAI.COM:443 belongs to openai already (ours); take it out here, or add what you need under openai"

    assert said(user) == [("user0", ("mine", "hosts", 1), text)]


def test_misspelt_provider() -> None:
    """A block that adds nothing reachable is a misspelt provider of ours."""

    assert said({"opnai": {"models": {"x": RULES}}}) == [
        (
            "user0",
            ("opnai",),
            "there is no provider opnai yet and nothing leads to this one; add hosts, or did you mean openai?",
        )
    ]


def test_models_that_differ_in_capitals() -> None:
    """Two spellings of one model in one file are refused; a later file may replace a model in its own spelling."""

    assert said({"openai": {"models": {"GPT-4O": RULES}}}) == []
    assert said({"openai": {"models": {"new": RULES, "New": RULES}}})[0][1] == ("openai", "models", "New")


def test_age_is_needed_at_the_bottom_only() -> None:
    """The first file must say how old its prices are."""
    bare, broken = Document("f", {}), Document("f", {}, (Problem((), "not valid YAML"),))

    assert [p.text for _, p in Links([bare]).problems()] == [
        "the age of the prices is missing; write updated: and the date at the top"
    ]
    assert [p.text for _, p in Links([Document("f", ["x"])]).problems()] != []
    assert list(Links([broken]).problems()) == []


def test_wrong_shapes_are_passed_over() -> None:
    """What has the wrong shape is left to the schema."""

    assert (
        said({"openai": "x", "azure": {"hosts": "x", "aliases": {"a": ["b"]}, "models": [], "prices_from": {}}}) == []
    )
    assert said("x", ["y"]) == []

import pytest

from llmobs.answer import Members, prune
from llmobs.dialect import Fee
from llmobs.dialects import DIALECTS

SEARCH = Fee("web_search", "tools.searches", "output", (("type", "web_search_call"), ("action.type", "search")))


def test_members_are_found_by_path() -> None:
    """A path leads to the first value that is not null, below whichever member it starts."""

    answer = Members(b'{"a":{"b":null,"c":[{"d":7}]},"e":"x"}')

    assert answer.find("a.c[].d") == 7
    assert answer.find("a.b") is None
    assert answer.find("e") == "x"
    assert answer.find("missing.x") is None
    assert answer.raw("e") == b'"x"'


@pytest.mark.parametrize("message", [b"[DONE]", b"", b"[1]", b"null", b'{"a":'])
def test_anything_but_an_object_has_no_members(message: bytes) -> None:
    """What is not a JSON object answers every question with nothing."""

    assert Members(message).find("a") is None


def test_told_fees_win_over_counted_ones() -> None:
    """The provider's own number counts, an explicit zero included."""

    items = '"output":[{"type":"web_search_call","action":{"type":"search"}}]'

    assert Members(f'{{"tools":{{"searches":0}},{items}}}'.encode()).count(SEARCH) == 0
    assert Members(f'{{"tools":{{"searches":3}},{items}}}'.encode()).count(SEARCH) == 3


def test_fees_are_counted_by_the_items_that_fit() -> None:
    """Only searches are charged, not the pages that were opened; an item without an action is an older search."""

    answer = Members(
        b'{"output":[{"type":"web_search_call","action":{"type":"search"}},'
        b'{"type":"web_search_call","action":{"type":"open_page"}},{"type":"web_search_call"},{"type":"message"}]}'
    )

    assert answer.count(SEARCH) == 2
    assert Members(b'{"output":[{"type":"message"}]}').count(SEARCH) == 0
    assert Members(b"{}").count(SEARCH) == 0


def test_queries_of_a_list_are_counted() -> None:
    """Where each element of a list is one fee, the list is counted."""

    fee = DIALECTS["gemini"].fees[0]
    answer = Members(b'{"candidates":[{"groundingMetadata":{"webSearchQueries":["a","b"]}}]}')

    assert answer.count(fee) == 2


def test_usage_that_lies_open_is_taken_without_the_rest() -> None:
    """Of an answer whose counts are its own members, only the counts are kept: no text, no vector."""

    ollama = Members(b'{"model":"m","message":{"content":"secret"},"prompt_eval_count":3,"eval_count":0}')
    vertex = Members(b'{"predictions":[{"embeddings":{"values":[0.1],"statistics":{"token_count":4}}}]}')

    assert ollama.usage("", DIALECTS["ollama"]) == {"prompt_eval_count": 3, "eval_count": 0}
    assert vertex.usage("", DIALECTS["vertex_predict"]) == {
        "predictions": [{"embeddings": {"statistics": {"token_count": 4}}}]
    }
    assert Members(b'{"model":"m"}').usage("", DIALECTS["ollama"]) is None


def test_usage_must_be_an_object() -> None:
    """A usage member of another shape is none."""

    assert Members(b'{"usage":5}').usage("usage", DIALECTS["openai_chat"]) is None


def test_prune_of_another_shape_is_empty() -> None:
    """Where a path leads nowhere nothing is kept."""

    assert prune([1], ["a.b"]) == {}
    assert prune({"a": {"b": 1, "c": 2}, "d": 3}, ["a.b", "x"]) == {"a": {"b": 1}}

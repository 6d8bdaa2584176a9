import pytest

from llmobs.fault import told


def test_words_are_not_told() -> None:
    """The kind and the place are said, the words are not."""

    with pytest.raises(KeyError) as raised:
        raise KeyError("sk-secret")

    assert told(raised.value).startswith("KeyError at test_fault.py:")
    assert "sk-secret" not in told(raised.value)


def test_without_a_place() -> None:
    """One that nobody raised has only its kind."""

    assert told(ValueError("sk-secret")) == "ValueError"

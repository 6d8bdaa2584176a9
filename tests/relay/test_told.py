"""What headers say about asking again."""

from llmobs.relay.told import final, wait_s


def test_wait() -> None:
    """A date that has passed is now; a provider that does not say is asked when the rule likes."""

    assert wait_s({"retry-after": "Mon, 21 Sep 2020 14:13:30 GMT"}) == 0
    assert wait_s({}) is None


def test_final() -> None:
    """Only a plain `false` is one."""

    assert final({"x-should-retry": "False"})
    assert not final({"x-should-retry": "true"})
    assert not final({})

"""Search tools of agents, from the wire to the invoice."""

from decimal import Decimal

import pytest

from llmobs.event import CostStatus
from tests.exchanges import Exchange, quantities


@pytest.mark.parametrize(
    ("url", "asked", "answer", "charged", "usd"),
    [
        ("https://api.tavily.com/search", {"query": "x"}, {"results": []}, {"credit": 1}, "0.008"),
        ("https://api.tavily.com/search", {"search_depth": "advanced"}, {"results": []}, {"credit": 2}, "0.016"),
        (
            "https://api.tavily.com/search",
            {"search_depth": "basic", "auto_parameters": True},
            {"usage": {"credits": 2}},
            {"credit": 2},
            "0.016",
        ),
        ("https://api.tavily.com/extract", {"urls": ["x"]}, {"results": []}, {}, None),
        ("https://google.serper.dev/search", {"q": "x"}, {"organic": [], "credits": 1}, {"credit": 1}, "0.001"),
        ("https://api.firecrawl.dev/v2/search", {"query": "x"}, {"creditsUsed": 2}, {"credit": 2}, None),
        ("https://s.jina.ai/", {"q": "x"}, {"data": [], "meta": {"usage": {"tokens": 10000}}}, {"input": 10000}, None),
    ],
)
def test_search_tools(
    url: str, asked: dict[str, object], answer: dict[str, object], charged: dict[str, Decimal], usd: str | None
) -> None:
    """Searches cost credits, told or by their depth; without a list price for a credit there are only quantities."""

    row = Exchange(url=url, asked=asked, answer=answer).row()

    assert (quantities(row), row.cost_usd) == (charged, None if usd is None else Decimal(usd))


def test_exa_tells_dollars() -> None:
    """Exa says what a search cost."""

    answer: dict[str, object] = {"requestId": "r1", "results": [], "costDollars": {"total": 0.007, "search": {}}}
    row = Exchange(url="https://api.exa.ai/search", asked={"query": "x"}, answer=answer).row()

    assert (row.cost_usd, row.cost_status) == (Decimal("0.007"), CostStatus.PROVIDER_REPORTED)


def test_a_page_that_is_only_read() -> None:
    """Jina's reader is asked by GET, and costs tokens all the same."""

    answer: dict[str, object] = {"code": 200, "data": {"content": "x", "usage": {"tokens": 42}}}
    row = Exchange(url="https://r.jina.ai/https://x.example", method="GET", answer=answer).row()

    assert row.input_tokens == 42


def test_a_crawl_is_a_job() -> None:
    """Firecrawl's crawl tells its credits when it is looked up."""

    begun = Exchange(url="https://api.firecrawl.dev/v2/crawl", answer={"success": True, "id": "c1"}).row()
    done: dict[str, object] = {"status": "completed", "creditsUsed": 10, "data": []}
    ended = Exchange(url="https://api.firecrawl.dev/v2/crawl/c1", method="GET", answer=done).row()

    assert (begun.job_id, begun.cost_status) == ("c1", CostStatus.PENDING)
    assert (ended.job_id, quantities(ended)) == ("c1", {"credit": 10})

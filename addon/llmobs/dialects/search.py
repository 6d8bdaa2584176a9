"""Search tools for agents, most of which sell credits.

Source: the API references of Tavily (`usage.credits`, told on request), Exa (`costDollars`), Firecrawl (`creditsUsed`),
Serper (`credits`) and Jina's reader (`usage.tokens`).
"""

from dataclasses import replace

from llmobs.dialect import Asked, Bill, Count, Dialect, Job

TAVILY = Dialect(
    name="tavily",
    operation="search",
    usage=("usage",),
    counts=(Count("credit", ("credits",)),),
    asked=(Asked("credit", ("search_depth",), words={"advanced": 2}, default=1),),
    default_model="credits",
    response_id=("request_id",),
    error=("detail.error", "detail", "error"),
)

# What is extracted or crawled has no known size without the figure that is told on request.
TAVILY_TOLD = replace(TAVILY, name="tavily_told", asked=())

EXA = Dialect(
    name="exa",
    operation="search",
    usage=("costDollars",),
    counts=(),
    bill=Bill(amount=("total",)),
    default_model="search",
    response_id=("requestId",),
    markers=(b'"costDollars"', b'"error"'),
)

FIRECRAWL = Dialect(
    name="firecrawl",
    operation="scrape",
    usage=("",),
    counts=(Count("credit", ("creditsUsed", "data.metadata.creditsUsed")),),
    default_model="credits",
    markers=(b'"creditsUsed"', b'"error"'),
)

FIRECRAWL_JOB = Dialect(
    name="firecrawl_job",
    operation="crawl",
    usage=("",),
    counts=(Count("credit", ("creditsUsed",)),),
    default_model="credits",
    job=Job(
        id=("id", "jobId"),
        state=("status",),
        done=frozenset({"completed"}),
        failed=frozenset({"failed", "cancelled"}),
    ),
    markers=(b'"creditsUsed"', b'"error"'),
)

SERPER = Dialect(
    name="serper",
    operation="search",
    usage=("",),
    counts=(Count("credit", ("credits",)),),
    default_model="credits",
    error=("message", "error"),
    markers=(b'"credits"', b'"error"'),
)

JINA_READER = Dialect(
    name="jina_reader",
    operation="search",
    usage=("meta.usage", "data.usage"),
    counts=(Count("input", ("tokens",)),),
    default_model="reader",
    reads=True,
    error=("name", "code", "error"),
)

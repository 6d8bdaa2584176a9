"""Budgets and rate limits as a policy file writes them; pydantic at the edge, frozen, they are the rules, too."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from llmobs.config import Row
from llmobs.policy.amount import Count
from llmobs.policy.fields import Flag, Name, Recipient, Share, Text, Usd, When, Word, Zone


class Budget(Row):
    """What may be spent in a window, over all calls or over those that fit.

    name: what it is called in messages, logs and rows.
    limit_usd: USD that may be spent.
    per: `day`, `week` (from Monday on), `month`, `run` (each run id of the last 30 days), or `total`.
    where: which calls count, as word and pattern: `customer: acme*`. Without it all do.
    by: words whose values have a budget each: `[customer]`.
    alert_at: shares of the limit that are told when they are reached.
    block: refuse calls that would exceed it; otherwise they are only told.
    notify: names of `notify`, or Apprise URLs.
    timezone: whose midnight begins a day.
    reserve_usd: what a running call counts until its cost is known; by default what it may cost at most.
    """

    name: Name
    limit_usd: Usd
    per: When
    where: dict[Word, Text] = {}
    by: list[Word] = []
    alert_at: list[Share] = [Decimal("0.5"), Decimal("0.8"), Decimal(1)]
    block: Flag = False
    notify: list[Recipient] = []
    timezone: Zone = ZoneInfo("UTC")
    reserve_usd: Usd | None = None


class RateLimit(Row):
    """How many calls or tokens may pass in any 60 seconds; further ones are told when to come back.

    name: what it is called in messages, logs and rows.
    where: which calls count, as word and pattern. Without it all do.
    by: words whose values have a limit each.
    requests_per_minute: calls.
    tokens_per_minute: input and output tokens, expected ones until the answer tells.
    """

    name: Name
    where: dict[Word, Text] = {}
    by: list[Word] = []
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None

"""Who is called and what a path of theirs means; it does not know how the facts are written in YAML."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from urllib.parse import unquote

from llmobs.pricing import glob
from llmobs.pricing.name import PriceList


class Billing(StrEnum):
    """Whether a call costs what the price list says."""

    METERED = "metered"
    SUBSCRIPTION = "subscription"
    FREE = "free"


class Aborted(StrEnum):
    """What a provider bills where the client left a stream before its end."""

    SEEN = "seen"
    FULL = "full"


# Tiers that mean the list price everywhere, in small letters; "" is an answer that names none.
LIST_TIERS = frozenset({"", "default", "standard", "auto", "on_demand", "standard_only"})


@dataclass(frozen=True, slots=True)
class ReportedCost:
    """Where the usage object says what the provider charges: amount / `per_usd` is USD.

    byok: where it says what a key of the user's own paid to the upstream, which comes on top if `is_byok` is true.
    """

    field: str
    per_usd: Decimal
    byok: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """What a path means: a dialect, or nothing that costs.

    model: captured from the URL, or that of all calls of the path. object_id: captured from the URL.
    billing: how calls of this path are paid, where that differs from the provider's others.
    """

    dialect: str | None
    free: bool
    model: str | None
    operation: str | None
    model_glob: str | None
    billing: Billing | None = None
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class PathRule:
    """One line of a provider's routes."""

    method: str
    path: str
    route: Route

    def match(self, method: str, path: str, model: str | None) -> Route | None:
        """The route, or None where method, path or model do not fit; a model that is not known yet fits."""
        found = glob.path_regex(self.path).fullmatch(path) if self.method in (method, "*") else None
        if found is None:
            return None
        captured, object_id = (_captured(found, name) for name in ("model", "id"))
        asked, wanted = captured or model, self.route.model_glob
        if wanted is not None and asked is not None and not glob.matches(wanted, asked):
            return None
        if captured is None and object_id is None:
            return self.route
        return replace(self.route, model=captured or self.route.model, object_id=object_id)


def _captured(found: re.Match[str], group: str) -> str | None:
    return unquote(found[group]) if group in found.re.groupindex else None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Provider:
    """One provider of the price file. Compared by identity, which makes it a cheap cache key.

    listed_only: what no route names is no call, because the hosts serve much else.
    billed_errors: statuses and words of refusals whose prompt is billed all the same.
    subscription_keys: patterns of credentials whose calls a subscription pays for.
    """

    id: str
    name: str
    source: str | None = None
    hosts: tuple[str, ...] = ()
    listed_only: bool = False
    billing: Billing = Billing.METERED
    aborted: Aborted = Aborted.SEEN
    billed_errors: frozenset[str] = frozenset()
    subscription_keys: tuple[str, ...] = ()
    include_usage: bool = False
    reported_cost: ReportedCost | None = None
    default_tiers: frozenset[str] = LIST_TIERS
    prices_from: tuple[str, ...] = ()
    routes: tuple[PathRule, ...] = ()
    prices: PriceList

    def region(self, host: str) -> str | None:
        """The region that a host of the provider names, in small letters; None where it names none."""
        found = (glob.captured(pattern, host) for pattern in self.hosts)
        return next((region for region in found if region), None)

    def subscribed(self, credential: str) -> bool:
        """True where a credential is known to belong to a subscription."""
        return any(fnmatchcase(credential, pattern) for pattern in self.subscription_keys)

"""Prices and providers from YAML: which dialect a URL speaks and what a call costs; knows no payload and no network."""

from llmobs.pricing.book import PriceBook
from llmobs.pricing.charge import Quote, charges, is_estimate
from llmobs.pricing.load import PricingError, load
from llmobs.pricing.provider import Aborted, Billing, Provider, ReportedCost, Route
from llmobs.pricing.rule import Terms

__all__ = [
    "Aborted",
    "Billing",
    "PriceBook",
    "PricingError",
    "Provider",
    "Quote",
    "ReportedCost",
    "Route",
    "Terms",
    "charges",
    "is_estimate",
    "load",
]

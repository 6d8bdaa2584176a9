"""What a user wants done to his traffic: rules from a policy file, and what they say to one call; it knows no flows."""

from llmobs.policy.budgets import Budgets
from llmobs.policy.guard import Guard, Judge
from llmobs.policy.load import Policies, load
from llmobs.policy.rate_limits import RateLimits
from llmobs.policy.refusal import Kind, Refusal

__all__ = ["Budgets", "Guard", "Judge", "Kind", "Policies", "RateLimits", "Refusal", "load"]

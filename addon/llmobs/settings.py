"""The options of the addon as one table, and their values as one object; it does not know how they are set."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Option:
    """A mitmproxy option: its name, its default (whose type is the option's type) and what it does."""

    name: str
    default: str | bool
    meaning: str


OPTIONS = (
    Option("llmobserve_db", "llmobserve.duckdb", "DuckDB file that events are appended to; the spool lies beside it."),
    Option("llmobserve_pricing", "", "Your own YAML of providers, hosts and prices, merged over pricing.yaml."),
    Option(
        "llmobserve_policy", "", "Your own YAML of what may be done to calls: budgets, limits, fallbacks, a cache ..."
    ),
    Option(
        "llmobserve_include_usage", True, "Ask for usage on streams whose client did not, and hide the answer to it."
    ),
    Option("llmobserve_lean", False, "Remove mitmproxy's default addons that nobody uses, for speed; `make run` does."),
    Option("llmobserve_open", False, "Listen beyond this machine without asking for a password (`proxyauth`)."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of OPTIONS, without their common prefix."""

    db: str
    pricing: str
    policy: str
    include_usage: bool
    lean: bool
    open: bool

    @classmethod
    def of(cls, source: object) -> "Settings":
        """Read every setting from an object that has the options as attributes."""
        return cls(**{f.name: getattr(source, f"llmobserve_{f.name}") for f in fields(cls)})

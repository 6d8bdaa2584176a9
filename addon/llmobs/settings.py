"""The options of the addon as one table, and their values as one object; it does not know how they are set."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Option:
    """A mitmproxy option: its name, its default (whose type is the option's type), what it does and may be set to."""

    name: str
    default: str | bool
    meaning: str
    choices: tuple[str, ...] = ()


OPTIONS = (
    Option("llmobserve_db", "llmobserve.duckdb", "DuckDB file that events are appended to; the spool lies beside it."),
    Option("llmobserve_pricing", "", "Your own YAML of providers, hosts and prices, merged over pricing.yaml."),
    Option(
        "llmobserve_policy", "", "Your own YAML of what may be done to calls: budgets, limits, fallbacks, a cache ..."
    ),
    Option(
        "llmobserve_include_usage", True, "Ask for usage on streams whose client did not, and hide the answer to it."
    ),
    Option(
        "llmobserve_retries",
        "link",
        "Equal requests within an hour: `link` numbers and bills each attempt, `skip` counts one of them.",
        choices=("link", "skip"),
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
    retries: str
    open: bool

    @classmethod
    def of(cls, source: object) -> "Settings":
        """Read every setting from an object that has the options as attributes."""
        return cls(**{f.name: getattr(source, f"llmobserve_{f.name}") for f in fields(cls)})

    def problems(self) -> list[str]:
        """What is set to something else than it may be, each with what to write instead."""
        return [
            f"{option.name}={told}: there is no such choice; write {' or '.join(option.choices)}"
            for option in OPTIONS
            if option.choices and (told := getattr(self, option.name.removeprefix("llmobserve_"))) not in option.choices
        ]

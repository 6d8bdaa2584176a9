"""The options of the addon as one table, and their values as one object; it does not know how they are set."""

from collections.abc import Mapping
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
        "llmobserve_publish",
        "",
        "Folder or s3://BUCKET/PREFIX that rows are published to as Parquet, for the reports of all machines.",
    ),
    Option("llmobserve_publish_every", "5m", "How often: `30s`, `5m`, `1h`; and when the proxy stops."),
    Option(
        "llmobserve_include_usage", True, "Ask for usage on streams whose client did not, and hide the answer to it."
    ),
    Option(
        "llmobserve_retries",
        "link",
        "Equal requests within an hour: `link` numbers and bills each attempt, `skip` counts one of them.",
        choices=("link", "skip"),
    ),
    Option(
        "llmobserve_web",
        "127.0.0.1:9464",
        "Where dashboard, metrics and health are: `HOST:PORT`, further names of it after commas; `off`: nowhere.",
    ),
    Option("llmobserve_log", "", "File that a line of JSON is appended to for each call; `-`: standard output."),
    Option("llmobserve_otlp", "", "OpenTelemetry collector that spans and metrics go to: `http://localhost:4318`."),
    Option("llmobserve_otlp_headers", "", "File with headers for it, a line `Name: value` each."),
    Option(
        "llmobserve_quiet",
        False,
        "Do not say at the start where it listens, nor warn of settings; `make run WORKERS=` does so for all but one.",
    ),
    Option("llmobserve_open", False, "Listen beyond this machine without asking for a password (`proxyauth`)."),
)


_FLAGS = ("true", "false")


def misset(given: Mapping[str, object]) -> list[str]:
    """What is wrong with options as they were given, and what to write instead.

    `given` has, by the option's name, a list of texts (its attribute `val`), or a value of YAML.
    """
    return [text for option in OPTIONS if option.name in given and (text := _misset(option, given[option.name]))]


def _misset(option: Option, told: object) -> str | None:
    texts: list[str] = getattr(told, "val", [told if isinstance(told, str) else str(told).lower()])
    choices = _FLAGS if isinstance(option.default, bool) else option.choices
    if len(texts) > 1:
        return f"{option.name} is set {len(texts)} times; keep one of them"
    if not texts:
        return None if choices is _FLAGS else f"{option.name} is set to nothing; write {option.name}=VALUE"
    if choices and texts[0] not in choices:
        return f"{option.name}={texts[0]}: there is no such choice; write {' or '.join(choices)}"
    return None


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of OPTIONS, without their common prefix."""

    db: str
    pricing: str
    policy: str
    publish: str
    publish_every: str
    include_usage: bool
    retries: str
    web: str
    log: str
    otlp: str
    otlp_headers: str
    quiet: bool
    open: bool

    @classmethod
    def of(cls, source: object) -> "Settings":
        """Read every setting from an object that has the options as attributes."""
        return cls(**{f.name: getattr(source, f"llmobserve_{f.name}") for f in fields(cls)})

    def given(self) -> dict[str, object]:
        """The values by the names of their options."""
        return {option.name: getattr(self, option.name.removeprefix("llmobserve_")) for option in OPTIONS}

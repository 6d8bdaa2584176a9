"""The files for Prometheus and Grafana: they name only what the proxy tells, and what these programs take."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from llmobs.event import CostStatus, Outcome
from llmobs.metrics import Counts, Exposition, Overhead
from scripts.worker_parts.arguments import wanted
from tests.metrics.test_exposition import STATE
from tests.telemetry.calls import call

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"][0]["rules"]
BOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "llmobserve.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
# What Prometheus itself adds to each target and each sample.
ADDED = {"up": {"job", "instance"}}
TARGET = {"job", "instance"}
# Units of Grafana that are used here; it takes any other text for a suffix, without a word.
UNITS = {"bytes", "currencyUSD", "percentunit", "reqps", "s", "short"}


def exposed() -> dict[str, set[str]]:
    """Each sample that the proxy tells once everything has happened, with its labels."""
    counts, overhead = Counts(), Overhead()
    counts.count(call())
    counts.count(call(cost_status=CostStatus.UNPRICED, cost_usd=None))
    counts.count(call(outcome=Outcome.ERROR, status_code=500, error_class="system", requested_provider="groq"))
    overhead.add("request", 0.5)
    text = Exposition(counts, overhead, lambda: STATE).text()[0].decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def asked(query: str) -> promql_parser.Expr:
    """A query as Prometheus reads it, with Grafana's variables filled in."""
    for name, value in (("$__rate_interval", "5m"), ("$__range", "6h")):
        query = query.replace(name, value)
    return promql_parser.parse(query)


def selected(expression: Any) -> Iterator[tuple[str, set[str]]]:
    """Each metric that a query names, with the labels that it is chosen by."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression.name or "", {matcher.name for matcher in expression.matchers.matchers}
    for part in ("lhs", "rhs", "expr", "vector_selector"):
        if hasattr(expression, part):
            yield from selected(getattr(expression, part))
    for argument in getattr(expression, "args", ()):
        yield from selected(argument)


def queries() -> list[str]:
    """Everything that is asked of Prometheus."""
    boards = [target["expr"] for panel in PANELS for target in panel["targets"]]
    choices = [each["definition"] for each in BOARD["templating"]["list"] if each["type"] == "query"]
    return [
        *(rule["expr"] for rule in ALERTS),
        *boards,
        *(text.split("(", 1)[1].rpartition(",")[0] for text in choices),
    ]


def test_every_metric_and_label_is_one_that_the_proxy_tells() -> None:
    """Alerts and panels name what is there, and what they ask for by its labels has them."""

    there = exposed() | ADDED
    wrong = [
        (query, name, labels - there.get(name, set()) - TARGET)
        for query in queries()
        for name, labels in selected(asked(query))
        if name not in there or labels - there[name] - TARGET
    ]

    assert len(queries()) > 40
    assert wrong == []


def test_every_family_of_calls_is_looked_at() -> None:
    """What is counted by call is on the dashboard, or its absence is meant."""

    looked_at = {name.removesuffix("_bucket") for query in queries() for name, _ in selected(asked(query))}
    families = {name.removesuffix("_bucket") for name in exposed() if not name.endswith(("_created", "_sum", "_count"))}
    meant = {"llm_skipped_retries_total", "llm_stored_calls_total", "llm_breaker_changes_total", "llm_budget_pots"}
    told = {"llm_budget_limit_usd", "llm_budget_spent_usd", "llm_budget_reserved_usd"}

    assert {name for name in families if name.startswith("llm_")} - looked_at == meant | told


def test_panels_are_told_apart_and_have_what_they_need() -> None:
    """Each has a number, a title and a place of its own, a unit that Grafana knows, and the board's data source."""

    numbers = [panel["id"] for panel in BOARD["panels"]]
    titles = [panel["title"] for panel in PANELS]
    places = [
        (x, y)
        for place in (panel["gridPos"] for panel in BOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(set(numbers)) == len(numbers)
    assert len(set(titles)) == len(titles)
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24
    assert {panel["fieldConfig"]["defaults"]["unit"] for panel in PANELS} <= UNITS
    assert {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]} == {"${datasource}"}
    assert BOARD["templating"]["list"][0]["name"] == "datasource"


def test_every_rule_says_what_it_means() -> None:
    """An alert has a severity and a summary, and a name of its own, by which the README tells of it."""

    readme = (DEPLOY.parent / "README.md").read_text()

    assert all(f"`{rule['alert']}`" in readme for rule in ALERTS)
    assert all(rule["labels"]["severity"] in ("info", "warning", "critical") for rule in ALERTS)
    assert all(rule["annotations"]["summary"] for rule in ALERTS)
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_every_worker_is_looked_at() -> None:
    """The compose file starts as many workers as Prometheus asks, at the ports where they tell."""

    proxy = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["proxy"]
    [job] = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text())["scrape_configs"]
    number = int(proxy["environment"]["WORKERS"])
    shared = wanted(number, ["--set", "llmobserve_web=proxy:9464"])

    assert job["static_configs"][0]["targets"] == [shared.page(worker) for worker in range(1, number + 1)]


def test_ports_are_open_on_this_machine_only() -> None:
    """No service of the compose file can be reached from elsewhere, as none asks for a password."""

    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]

    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service["ports"])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool, of Debian's package prometheus, is not here")
def test_the_rules_fire_when_they_should() -> None:
    """Prometheus itself takes the files, and its own tests of the rules hold."""

    for words in (["check", "config", "prometheus.yaml"], ["test", "rules", "alerts_test.yaml"]):
        done = subprocess.run(["promtool", *words], cwd=DEPLOY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

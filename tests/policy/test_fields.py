"""What is said of mistakes in budgets, limits and addresses."""

from pathlib import Path

import pytest

from llmobs.config import ConfigError
from llmobs.policy import load
from tests.policy.test_load import written

BUDGET = "budgets:\n- {name: a, limit_usd: 1, per: day, %s}\n"
LIMIT = "rate_limits:\n- {name: a, %s}\n"
KNOWS = (
    "write a URL as Apprise's documentation shows for the service, or ${VARIABLE} where the environment has it; "
    "a password in it must be percent-encoded (%40 for @), in the variable, too"
)

MISTAKES = [
    (BUDGET % "where: {custmer: x}", "budgets[0].where.custmer: 'custmer' is not known here; did you mean customer?"),
    (BUDGET % "by: ['tag:']", "budgets[0].by[0]: 'tag:' is not known here; did you mean tag:NAME?"),
    (BUDGET % "by: customer", "budgets[0].by: must be a list; write it as [a, b] or as lines that start with -"),
    (BUDGET % "timezone: Berlin", "budgets[0].timezone: 'Berlin' is no time zone; write one such as UTC or Europe/Ber"),
    (BUDGET % "timezone: /etc", "budgets[0].timezone: '/etc' is no time zone; write one such as UTC or Europe/Berlin"),
    (BUDGET % "alert_at: [80]", "budgets[0].alert_at[0]: 80 is no share of the limit; write 0.8 for 80 %, and 1 for"),
    (BUDGET % "alert_at: [0]", "budgets[0].alert_at[0]: 0 is no share of the limit; write 0.8 for 80 %, and 1 for all"),
    (BUDGET % "block: yes", "budgets[0].block: 'yes' is neither true nor false; write true or false"),
    (BUDGET % "limit: 3", "budgets[0].limit: is not a known key; did you mean limit_usd?"),
    (BUDGET % "notify: [team]", "budgets[0].notify[0]: is no name of notify; write an Apprise URL, or add it under no"),
    (BUDGET % "notify: [s3cret/x]", f"budgets[0].notify[0]: is no address that Apprise knows; {KNOWS}"),
    (BUDGET % "notify: ['nope://s3cret']", f"budgets[0].notify[0]: is no address that Apprise knows; {KNOWS}"),
    (
        BUDGET % "notify: ['${NOPE_7}']",
        "budgets[0].notify[0]: the environment has no variable NOPE_7; export NOPE_7 be",
    ),
    ("notify: {a: [b]}\n", f"notify.a[0]: is no address that Apprise knows; {KNOWS}"),
    ("notify: {a: []}\n" + BUDGET % "notify: [b]", "budgets[0].notify[0]: is no name of notify; write one of a"),
    ("budgets:\n- {name: a, per: day}\n", "budgets[0].limit_usd: is missing; add it"),
    ("budgets:\n- {name: a, per: hour, limit_usd: 1}\n", "budgets[0].per: 'hour' is not known here; write one of day,"),
    ("budgets:\n- {name: 'a/b', per: day, limit_usd: 1}\n", "budgets[0].name: 'a/b' is no name; write up to 64 letter"),
    (BUDGET % "block: true" + "- {name: a, limit_usd: 1, per: day}\n", "budgets[1].name: 'a' stands twice; give each"),
    (LIMIT % "where: {model: x}", "rate_limits[0]: limits nothing; add requests_per_minute or tokens_per_minute"),
    (LIMIT % "requests_per_minute: 0", "rate_limits[0].requests_per_minute: '0' is not a whole number from 1 on"),
    (LIMIT % "tokens_per_minute: 1.5", "rate_limits[0].tokens_per_minute: '1.5' is not a whole number from 1 on"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_mistake(tmp_path: Path, text: str, said: str) -> None:
    """Each mistake is told with its place and its correction, and no address is shown."""
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))

    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_everything_that_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full file is taken, with addresses from the environment, which are not shown."""
    monkeypatch.setenv("TEAM_URL", "json://127.0.0.1/s3cret")
    text = """
notify: {team: ["${TEAM_URL}"]}
budgets:
- name: acme
  limit_usd: 10
  per: month
  where: {customer: ac*, "tag:team": red}
  by: [model]
  alert_at: [0.5, 1.2]
  block: true
  notify: [team, "json://127.0.0.1/s3cret2"]
  timezone: Europe/Berlin
  reserve_usd: 0.01
rate_limits:
- {name: acme, requests_per_minute: 10, tokens_per_minute: 1000, by: [customer]}
"""

    file = load(written(tmp_path, text))

    assert file.notify["team"][0].url == "json://127.0.0.1/s3cret"
    assert (str(file.budgets[0].per), str(file.budgets[0].timezone)) == ("month", "Europe/Berlin")
    assert file.rate_limits[0].tokens_per_minute == 1000
    assert "s3cret" not in repr(file)

"""The gate: whose rules are in force, and what a refusal does to a call."""

import json
import os
import threading
import time
from pathlib import Path

import pytest
from mitmproxy.test import tflow

from llmobs.attempt import Attempt
from llmobs.config import ConfigError
from llmobs.event import Event
from llmobs.hooks import gate as module
from llmobs.hooks.gate import Gate
from llmobs.policy import Kind, Policies, Refusal
from tests.hooks.test_addon import CHAT, Proxy
from tests.policy.calls import attempt


class Rule:
    """A guard that refuses every call, or fails at all it is asked."""

    def __init__(self, refusal: Refusal | None = None, *, fails: bool = False, active: bool = True) -> None:
        self.refusal, self.fails, self.active = refusal, fails, active
        self.taken: list[Policies] = []
        self.settled: list[Event] = []

    def configure(self, policies: Policies) -> None:
        """Remember what is in force."""
        self.taken.append(policies)

    def admit(self, attempt: Attempt) -> Refusal | None:
        """Refuse, or fail."""
        if self.fails:
            raise RuntimeError("broken rule")
        return self.refusal

    def settle(self, event: Event) -> None:
        """Remember how it ended."""
        self.settled.append(event)
        if self.fails:
            raise RuntimeError("broken rule")


def guard(proxy: Proxy, *rules: Rule) -> None:
    """Put these in the place of all rules there are."""
    proxy.addon.gate.guards = rules
    proxy.addon.gate.open(None)


REFUSAL = Refusal(Kind.BUDGET, "budget:acme", "acme has spent its 5 USD of today")


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    """The addon in mitmproxy's test context."""
    return Proxy(tmp_path)


def test_refused_call_is_answered_and_leaves_a_row(proxy: Proxy) -> None:
    """A refusal is the client's answer; the row says which rule it was and costs nothing."""
    rule = Rule(REFUSAL)
    guard(proxy, rule)

    flow = proxy.flow()
    assert flow.response is not None
    assert flow.response.status_code == 429
    assert json.loads(flow.response.content or b"")["error"]["message"] == REFUSAL.message
    proxy.addon.response(flow)

    [row] = proxy.rows()
    assert (row["outcome"], row["error_type"], row["cost_status"]) == ("error", "budget_exceeded", "not_billed")
    assert (row["policy"], row["reason"], row["status_code"]) == ("budget:acme", REFUSAL.message, 429)
    assert row["request_model"] == "gpt-x"
    assert [event.event_id for event in rule.settled] == [row["event_id"]]


def test_row_of_a_refusal_does_not_wait_for_its_content(tmp_path: Path) -> None:
    """What the row says is known before the answer, whose words are ours, passes by; content only comes later."""
    file = tmp_path / "policy.yaml"
    file.write_text("capture: {mode: full}\n")
    proxy = Proxy(tmp_path, llmobserve_policy=str(file))
    guard(proxy, Rule(REFUSAL))
    going_on = threading.Event()
    assert proxy.addon.calls._estimator is not None
    proxy.addon.calls._estimator.submit(going_on.wait, 30)

    flow = proxy.flow(timestamp_start=time.time())
    proxy.addon.responseheaders(flow)
    proxy.addon.response(flow)
    going_on.set()

    [row] = proxy.rows("error_type, content, latency_ms")
    assert row["error_type"] == "budget_exceeded"
    assert row["content"]


def test_rule_that_fails_lets_the_call_go(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A fault in a rule is logged, and neither holds a call up nor costs its row."""
    guard(proxy, Rule(fails=True), Rule(REFUSAL, active=False))

    flow = proxy.flow()
    assert flow.response is None
    proxy.call(flow, CHAT)

    assert [row["outcome"] for row in proxy.rows("outcome")] == ["ok"]
    assert "a policy could not judge" in caplog.text
    assert "a policy could not count" in caplog.text


def test_edited_file_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit is in force at the next look; one with a mistake is told and changes nothing, nor does a lost file."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    file = tmp_path / "policy.yaml"
    file.write_text("keys: {0123456789ab: one}")
    gate = Gate(rule := Rule())
    gate.open(file)

    gate.look()
    file.write_text("keys: {0123456789ab: three}")
    gate.look()
    assert gate.policies.keys == {"0123456789ab": "three"}
    file.write_text("kes: {0123456789ab: four}")
    gate.look()
    file.unlink()
    gate.look()
    assert gate.policies.keys == {"0123456789ab": "three"}
    assert [dict(each.keys) for each in rule.taken] == [{"0123456789ab": "one"}, {"0123456789ab": "three"}]


def test_file_without_rules_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who takes the last rule out of the file, names of keys aside, is told that none is in force."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    file = tmp_path / "policy.yaml"
    keys = "keys: {0123456789ab: one}"
    file.write_text(keys)
    gate = Gate()
    gate.open(file)

    for text in (f"{keys}\nretries: {{}}", keys, ""):
        file.write_text(text)
        gate.look()

    told = ("its rules are in force from now on", "no rule is in force any more", "no rule is in force")
    assert caplog.messages == [f"the policy file has changed: {said}" for said in told]


def test_look_is_rare(tmp_path: Path) -> None:
    """Within a second the disk is asked once."""
    file = tmp_path / "policy.yaml"
    file.write_text("keys: {0123456789ab: one}")
    gate = Gate()
    gate.open(file)

    gate.look()
    file.write_text("keys: {0123456789ab: three}")
    os.utime(file, (1, 1))
    gate.look()

    assert gate.policies.keys == {"0123456789ab": "one"}


def test_no_file_takes_all_rules_away(tmp_path: Path) -> None:
    """Without a file nothing is in force, and a wrong file changes nothing."""
    file = tmp_path / "policy.yaml"
    file.write_text("keys: {0123456789ab: one}")
    gate = Gate(rule := Rule())
    gate.open(file)

    with pytest.raises(ConfigError, match="cannot be read"):
        gate.open(tmp_path / "no.yaml")
    assert gate.policies.keys == {"0123456789ab": "one"}
    gate.open(None)

    assert gate.policies.keys == {}
    assert len(rule.taken) == 2


def test_wrong_policy_file_stops_the_start(tmp_path: Path) -> None:
    """The start ends with the line of the mistake."""
    file = tmp_path / "policy.yaml"
    file.write_text("kes: {}")

    with pytest.raises(SystemExit, match=r"policy\.yaml:1: kes: is not a known key; did you mean keys\?"):
        Proxy(tmp_path, llmobserve_policy=str(file))


@pytest.mark.parametrize(
    ("headers", "held"),
    [
        ({"content-length": "100000"}, True),
        ({"content-length": str(32 * 1024 * 1024)}, True),
        ({"content-length": str(32 * 1024 * 1024 + 1)}, False),
        ({"content-type": "application/json"}, True),
        ({"content-type": "application/grpc"}, False),
        ({"content-type": "audio/wav"}, False),
        ({}, False),
    ],
)
def test_what_does_not_end_is_not_held(headers: dict[str, str], held: bool) -> None:
    """A request is kept back where it fits into memory and ends before its answer begins."""
    gate = Gate(Rule())

    assert gate.holds(attempt(), headers) is held
    assert not Gate(Rule(active=False)).holds(attempt(), headers)


def test_known_grpc_and_sockets_are_held() -> None:
    """A gRPC method that is known sends one message, and the upgrade of a socket has no body."""
    gate = Gate(Rule())

    assert gate.holds(attempt(body=b"", dialect="xai_grpc"), {"content-type": "application/grpc"})
    assert gate.holds(attempt(method="GET"), {})


def test_call_that_is_not_held_is_not_asked_about(proxy: Proxy) -> None:
    """What went up already can't be refused any more."""
    guard(proxy, Rule(REFUSAL))

    flow = proxy.flow(headers={"content_type": "audio/wav", "content_length": str(64 * 1024 * 1024)})

    assert flow.response is None


def test_recorded_call_is_not_refused(proxy: Proxy) -> None:
    """A call that is read from a file was answered long ago."""
    guard(proxy, Rule(REFUSAL))
    flow = tflow.tflow(resp=True)
    flow.request.host, flow.request.path, flow.request.method = "api.openai.com", "/v1/chat/completions", "POST"
    answered = flow.response

    proxy.addon.requestheaders(flow)
    proxy.addon.request(flow)

    assert flow.response is answered

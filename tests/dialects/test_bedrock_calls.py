"""Calls of Amazon Bedrock by the shipped price list: hosts, routes, profiles and ARNs, and what they cost."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from llmobs.attempt import Attempt
from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Event, Outcome
from llmobs.pricing import PriceBook, Terms, load
from tests.dialects.bedrock_answers import CONVERSE, NOVA, metered, step

PRICES = Path(__file__).parents[2] / "pricing.yaml"
BOOK = load(PRICES, dialects=DIALECTS)
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12cd34ef56"


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        (NOVA, NOVA),
        (f"us.{NOVA}", f"us.{NOVA}"),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}", NOVA),
        (f"arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us.{NOVA}", f"us.{NOVA}"),
        (f"eu.{NOVA}", f"eu.{NOVA}"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("global.meta.llama3-70b-instruct-v1:0", "meta.llama3-70b-instruct-v1:0"),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"),
        ("apac.anthropic.claude-3-7-sonnet-20250219-v1:0", "anthropic.claude-3-7-sonnet-20250219-v1:0"),
        ("jp.anthropic.claude-fable-5", "apac.anthropic.claude-fable-5"),
        ("ca.anthropic.claude-sonnet-4-6", None),
        (PROFILE, None),
        ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc", None),
        ("arn:aws:sagemaker:us-east-1:123456789012:endpoint/llama", None),
    ],
)
def test_profiles_and_arns(asked: str, model: str | None) -> None:
    """Profiles lead to their own price, to the model's where they add nothing, and to none where that is not known."""

    found = BOOK.providers["aws.bedrock"].prices.look_up(asked)
    assert (found and found.name) == model


def test_regional_profile_costs_more() -> None:
    """Claude 4.5 and later cost a tenth more in a geography than worldwide."""

    provider, terms = BOOK.providers["aws.bedrock"], Terms(datetime(2026, 11, 20, tzinfo=UTC), 0, None)
    quotes = [BOOK.quote(provider, f"{kind}.{HAIKU}", terms) for kind in ("global", "us", "jp")]
    worldwide, *regional = [quote.rates["input"] for quote in quotes if quote]
    assert regional == [worldwide * Decimal("1.1")] * 2


def call(path: str, body: bytes, *answers: Mapping[str, object], book: PriceBook = BOOK, method: str = "POST") -> Event:
    """The row of a call to us-east-1."""
    provider = book.providers["aws.bedrock"]
    route = book.route(provider, method, path)
    assert route is not None
    dialect = DIALECTS[route.dialect or ""]
    operation = route.operation or dialect.operation
    opening = Event(
        event_id="e",
        started_at=datetime(2026, 11, 20, tzinfo=UTC),
        host="bedrock-runtime.us-east-1.amazonaws.com",
        path=path,
        method=method,
        provider=provider.id,
        operation=operation,
    )
    meter = metered(dialect.name, *answers)
    made = Attempt(
        opening=opening, book=book, provider=provider, route=route, dialect=dialect, meter=meter, billing=route.billing
    )
    made.status_code = 200
    made.ask(body, len(body))
    return made.event(Outcome.OK)


def test_application_profile_without_an_alias() -> None:
    """An application's inference profile hides its model: the row has no cost and shows the ARN."""

    event = call(f"/model/{PROFILE.replace(':', '%3A').replace('/', '%2F')}/converse", b"{}", {"usage": CONVERSE})
    assert (event.cost_status, event.cost_usd, event.request_model) == (CostStatus.UNPRICED, None, PROFILE)
    assert (event.input_tokens, event.output_tokens) == (3, 4)


def test_application_profile_with_an_alias(tmp_path: Path) -> None:
    """A user's own file says which model a profile stands for."""

    own = tmp_path / "own.yaml"
    own.write_text(f"providers:\n  aws.bedrock:\n    aliases:\n      '{PROFILE}': us.anthropic.claude-sonnet-4-6\n")
    book = load(PRICES, own, dialects=DIALECTS)
    path = f"/model/{PROFILE.replace(':', '%3A').replace('/', '%2F')}/converse"

    event = call(path, b"{}", {"usage": CONVERSE}, book=book)

    assert (event.cost_status, event.model) == (CostStatus.EXACT, "us.anthropic.claude-sonnet-4-6")
    assert event.cost_usd


@pytest.mark.parametrize("action", ["converse", "converse-stream", "invoke", "invoke-with-response-stream"])
def test_provisioned_throughput_is_not_billed(action: str) -> None:
    """A call to capacity that is paid by the hour costs nothing of its own."""

    model = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprovisioned-model%2Fabc"
    event = call(f"/model/{model}/{action}", b"{}", {"usage": CONVERSE})
    assert (event.cost_status, event.cost_usd, event.input_tokens) == (CostStatus.NOT_BILLED, Decimal(0), 3)


def test_model_of_the_answer_does_not_decide() -> None:
    """The answer names Claude without its profile, and the profile decides the price."""

    path = "/model/us.anthropic.claude-sonnet-4-6/invoke"
    event = call(path, b"{}", {"model": "claude-sonnet-4-6", "usage": {"input_tokens": 3, "output_tokens": 4}})
    assert (event.model, event.cost_status) == ("us.anthropic.claude-sonnet-4-6", CostStatus.EXACT)


def test_agent_with_two_models() -> None:
    """An agent's row is the sum of its steps at their own prices."""

    steps = (*step("orchestrationTrace", NOVA, 1000), *step("orchestrationTrace", "amazon.nova-lite-v1:0", 1000))
    event = call("/agents/A/agentAliases/B/sessions/C/text", b"{}", *steps)
    assert (event.operation, event.cost_status, event.input_tokens) == ("invoke_agent", CostStatus.EXACT, 2000)
    assert len(event.charges) == 4


@pytest.mark.parametrize(
    ("path", "body", "operation", "model"),
    [
        (
            "/rerank",
            {
                "rerankingConfiguration": {
                    "bedrockRerankingConfiguration": {
                        "modelConfiguration": {
                            "modelArn": "arn:aws:bedrock:us-west-2::foundation-model/cohere.rerank-v3-5:0"
                        }
                    }
                }
            },
            "rerank",
            "cohere.rerank-v3-5:0",
        ),
        ("/model/amazon.rerank-v1%3A0/invoke", {}, "rerank", "amazon.rerank-v1:0"),
        (
            "/model/amazon.nova-canvas-v1%3A0/invoke",
            {"imageGenerationConfig": {"numberOfImages": 2}},
            "image_generation",
            "amazon.nova-canvas-v1:0",
        ),
        (
            "/model/stability.sd3-5-large-v1%3A0/invoke",
            {"prompt": "x"},
            "image_generation",
            "stability.sd3-5-large-v1:0",
        ),
    ],
)
def test_what_the_request_alone_tells(path: str, body: dict[str, object], operation: str, model: str) -> None:
    """Reranking is a search unit a query, and images are as many as were asked for."""

    event = call(path, json.dumps(body).encode(), {"results": [], "images": ["a"]})
    quantity = 2 if "numberOfImages" in str(body) else 1
    assert (event.operation, event.model) == (operation, model)
    assert [charge.quantity for charge in event.charges] == [quantity]
    assert event.cost_status is CostStatus.EXACT


def test_answer_from_documents_has_no_cost() -> None:
    """Retrieving and generating tells no usage: the row names the model and has no cost."""

    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"
    body = {"retrieveAndGenerateConfiguration": {"knowledgeBaseConfiguration": {"modelArn": arn}}}
    event = call("/retrieveAndGenerate", json.dumps(body).encode(), {"output": {"text": "x"}})
    assert (event.cost_status, event.request_model) == (CostStatus.UNPRICED, arn)


def test_async_work_is_pending_until_it_is_done() -> None:
    """Work that writes its result elsewhere is one job: begun by a POST, ended by a GET."""

    arn = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc"
    body = b'{"modelId":"amazon.nova-reel-v1:1","modelInput":{"videoGenerationConfig":{"durationSeconds":6}}}'
    begun = call("/async-invoke", body, {"invocationArn": arn})
    done = call("/async-invoke/x", b"", {"invocationArn": arn, "status": "Completed"}, method="GET")
    assert (begun.cost_status, begun.job_id, begun.request_model) == (CostStatus.PENDING, arn, "amazon.nova-reel-v1:1")
    assert (done.job_id, done.cost_status) == (arn, CostStatus.UNPRICED)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime.us-east-1.api.aws", "us-east-1"),
        ("vpce-1-2.bedrock-runtime.us-east-1.vpce.amazonaws.com", "us-east-1"),
        ("bedrock-agent-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("bedrock-mantle.us-east-1.api.aws", "us-east-1"),
    ],
)
def test_hosts(host: str, region: str) -> None:
    """Every endpoint is Bedrock's, and names its region."""

    found = BOOK.provider_at(host, 443)
    assert found
    assert (found.id, found.region(host)) == ("aws.bedrock", region)


@pytest.mark.parametrize("host", ["bedrock.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"])
def test_other_services_are_not_bedrock(host: str) -> None:
    """The control plane and other services of AWS are let alone."""

    assert BOOK.provider_at(host, 443) is None


def test_mantle_speaks_openai() -> None:
    """The OpenAI-style endpoint is metered as OpenAI's dialects, under its own names of models."""

    answer = {"model": "openai.gpt-oss-120b", "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}
    event = call("/v1/chat/completions", b'{"model":"openai.gpt-oss-120b"}', answer)
    assert (event.model, event.cost_status) == ("openai.gpt-oss-120b-1:0", CostStatus.EXACT)


def test_router_names_the_model() -> None:
    """A prompt router tells which model it chose."""

    trace = {"promptRouter": {"invokedModelId": f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"}}
    meter = metered("bedrock_converse", {"usage": CONVERSE, "trace": trace})
    assert meter.model
    assert BOOK.providers["aws.bedrock"].prices.look_up(meter.model) is not None

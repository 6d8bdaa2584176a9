"""Services that are no LLM, through a real proxy: a row each, settled by what is told later."""

import json
import time
from typing import Any

import httpx

from tests.testbed.run import Run
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import PATIENCE_SECONDS

SOUND = "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + "\x01\x02\x03\x7f" * 500


def ask(run: Run, method: str, url: str, answer: str | dict[str, Any], *headers: tuple[str, str], **more: Any) -> bytes:
    """What a client gets that sends this request and is answered so."""
    kind = "application/json" if isinstance(answer, dict) else "audio/wav"
    body = json.dumps(answer) if isinstance(answer, dict) else answer
    scenario = Scenario(body=body, content_type=kind, headers=headers, status=more.pop("status", 200))
    return httpx.request(method, url, headers=run.headers(scenario), **more).content


def settled(run: Run, status: str) -> dict[str, Any]:
    """The run's only row, once its cost is known so well."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (row := run.row())["cost_status"] != status:
        assert time.monotonic() < deadline, row
        time.sleep(0.05)
    return row


def test_elevenlabs(run: Run) -> None:
    """The sound reaches the client byte by byte as it is, and its header is the invoice."""
    url = "https://api.elevenlabs.io/v1/text-to-speech/voice"
    got = ask(run, "POST", url, SOUND, ("character-cost", "1000"), json={"text": "Hello"})

    row = run.row()
    assert got == SOUND.encode()
    assert (row["provider"], row["operation"], row["cost_status"]) == ("elevenlabs", "speech", "exact")
    assert float(row["cost_usd"]) == 0.08
    assert row["response_bytes"] == len(got)


def test_deepgram(run: Run) -> None:
    """The model stands in the query string, of which nothing is stored."""
    url = "https://api.deepgram.com/v1/listen?model=nova-3&tag=private"
    ask(run, "POST", url, {"metadata": {"duration": 60, "channels": 2}, "results": {}}, content=b"RIFF")

    row = run.row()
    assert (row["request_model"], row["model"], row["path"]) == ("nova-3", "nova-3", "/v1/listen")
    assert [(c["unit"], float(c["quantity"])) for c in row["charges"]] == [("audio_second", 120)]


def test_assemblyai(run: Run) -> None:
    """A transcript is one row from its request to its end, however often it is looked at."""
    url = "https://api.assemblyai.com/v2/transcript"
    ask(run, "POST", url, {"id": run.id, "status": "queued"}, json={"speech_models": ["universal-2"]})
    ask(run, "GET", f"{url}/{run.id}", {"id": run.id, "status": "processing"})
    for _ in range(2):
        ask(run, "GET", f"{url}/{run.id}", {"id": run.id, "status": "completed", "audio_duration": 7200})

    row = settled(run, "exact")
    assert (row["job_id"], row["method"], row["request_model"]) == (run.id, "POST", "universal-2")
    assert round(float(row["cost_usd"]), 6) == 0.3


def test_pinecone(run: Run) -> None:
    """What is read is priced, what is written is visibly unpriced, and managing indexes is not recorded."""
    host = "https://index-1a2b3c.svc.aped-4627-b74a.pinecone.io"
    ask(run, "POST", f"{host}/query", {"matches": [], "usage": {"readUnits": 5}}, json={"topK": 1})
    ask(run, "POST", f"{host}/vectors/upsert", {"upsertedCount": 1}, json={"vectors": []})
    ask(run, "POST", f"{host}/describe_index_stats", {"dimension": 8}, json={})

    query, upsert = run.rows(2)
    assert (query["operation"], query["cost_status"], float(query["cost_usd"])) == ("query", "exact", 0.00008)
    assert (upsert["operation"], upsert["cost_status"], upsert["cost_usd"]) == ("upsert", "unpriced", None)


def test_voyage(run: Run) -> None:
    """Pictures are charged by the pixel."""
    usage = {"text_tokens": 10, "image_pixels": 1_000_000, "total_tokens": 1796}
    answer = {"model": "voyage-multimodal-3", "usage": usage}
    ask(run, "POST", "https://api.voyageai.com/v1/multimodalembeddings", answer, json={"model": "voyage-multimodal-3"})

    row = run.row()
    assert (row["input_tokens"], row["cost_status"], float(row["cost_usd"])) == (10, "exact", 0.0006012)


def test_stripe(run: Run) -> None:
    """A payment is estimated at once, once for a request that is repeated, and settled by its charge."""
    paid = {"amount_received": 10000, "currency": "usd", "latest_charge": run.id, "livemode": True}
    url, form = "https://api.stripe.com/v1/payment_intents", {"amount": "10000", "currency": "usd"}
    for _ in range(2):
        ask(run, "POST", url, paid | {"id": "pi_1", "status": "succeeded"}, data=form)
    ask(run, "POST", "https://api.stripe.com/v1/customers", {"id": "cus_1"}, data={"name": "x"})
    first = settled(run, "estimated")
    charge = {"id": run.id, "status": "succeeded", "captured": True, "amount_captured": 10000, "currency": "usd"}
    fee = {"balance_transaction": {"fee": 350, "currency": "usd"}, "livemode": True}
    ask(run, "GET", f"https://api.stripe.com/v1/charges/{run.id}?expand[]=balance_transaction", charge | fee)

    last = settled(run, "provider_reported")
    assert (float(first["cost_usd"]), float(last["cost_usd"])) == (3.2, 3.5)
    assert (first["event_id"], first["variant"]) == (last["event_id"], "usd")


def test_twilio(run: Run) -> None:
    """A message is estimated by its segments, until the price is there."""
    accounts = "https://api.twilio.com/2010-04-01/Accounts/AC1"
    message = {"sid": run.id, "status": "queued", "num_segments": "1", "num_media": "0", "price": None}
    ask(run, "POST", f"{accounts}/Messages.json", message, data={"To": "+15550100", "Body": "hi"}, status=201)
    assert float(settled(run, "estimated")["cost_usd"]) == 0.0083
    told = message | {"status": "delivered", "price": "-0.0079", "price_unit": "USD"}
    ask(run, "GET", f"{accounts}/Messages/{run.id}.json", told)

    assert float(settled(run, "provider_reported")["cost_usd"]) == 0.0079

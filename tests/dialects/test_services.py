"""Voice, vectors and rented hardware, from the wire to the invoice."""

from decimal import Decimal

import pytest

from llmobs.event import CostStatus
from tests.books import book
from tests.exchanges import Exchange, quantities

MP3 = b"\xff\xf3\xe4\xc4" * 5000
SPOKEN = {"content-type": "audio/mpeg"}
DEEPGRAM = "https://api.deepgram.com/v1"
REPLICATE = "https://api.replicate.com/v1"


@pytest.mark.parametrize("host", ["api.elevenlabs.io", "api.us.elevenlabs.io", "api.eu.residency.elevenlabs.io"])
def test_elevenlabs_tells_credits_in_a_header(host: str) -> None:
    """The sound of a voice costs the credits of its header, whichever model and region speaks."""

    url = f"https://{host}/v1/text-to-speech/voice/stream"
    asked: dict[str, object] = {"text": "Hello", "model_id": "eleven_flash_v2_5"}
    row = Exchange(url=url, asked=asked, headers=SPOKEN | {"character-cost": "2500"}, answer=MP3).row()

    assert (row.provider, row.request_model) == ("elevenlabs", "eleven_flash_v2_5")
    assert (quantities(row), row.cost_usd, row.cost_status) == ({"credit": 2500}, Decimal("0.2"), CostStatus.EXACT)


def test_elevenlabs_without_a_model() -> None:
    """Who names no model gets the default one, also for sounds and music, whose credits cost the same."""

    url = "https://api.elevenlabs.io/v1/sound-generation"
    row = Exchange(url=url, asked={"text": "rain"}, headers=SPOKEN | {"character-cost": "100"}, answer=MP3).row()

    assert (row.operation, row.request_model, row.cost_usd) == ("sound_generation", None, Decimal("0.008"))


def test_elevenlabs_transcribes() -> None:
    """A transcript costs the length of its sound, and has no price where no length is told."""

    asked = b'--b\r\nContent-Disposition: form-data; name="model_id"\r\n\r\nscribe_v1\r\n--b--\r\n'
    url = "https://api.elevenlabs.io/v1/speech-to-text"
    told = Exchange(url=url, asked=asked, answer={"text": "hi", "audio_duration_secs": 3600}).row()
    silent = Exchange(url=url, asked=asked, answer={"text": "hi"}).row()

    assert (told.request_model, quantities(told)) == ("scribe_v1", {"audio_second": 3600})
    assert told.cost_usd == Decimal("0.2199999996")
    assert (silent.cost_usd, silent.cost_status) == (None, CostStatus.UNPRICED)


@pytest.mark.parametrize(
    ("query", "channels", "usd"),
    [
        ("?model=nova-3-general&smart_format=true", 1, "0.00043"),
        ("?model=nova-3", 2, "0.00086"),
        ("?model=nova-3&language=multi", 1, "0.00052"),
        ("", 1, "0.00125"),
    ],
)
def test_deepgram_hears_channels(query: str, channels: int, usd: str) -> None:
    """Each channel is heard for the whole time, at the price of the model that the query names."""

    metadata = {"request_id": "r1", "duration": 6, "channels": channels, "model_info": {}}
    row = Exchange(url=f"{DEEPGRAM}/listen{query}", asked=b"RIFF", answer={"metadata": metadata, "results": {}}).row()

    assert (row.response_id, quantities(row)) == ("r1", {"audio_second": 6 * channels})
    assert row.cost_usd is not None
    assert round(row.cost_usd, 8) == Decimal(usd)
    assert row.cost_status is CostStatus.EXACT


def test_deepgram_calls_back() -> None:
    """What is sent to a callback is never seen: the call is there, and no price."""

    row = Exchange(url=f"{DEEPGRAM}/listen?callback=https://x.example", answer={"request_id": "r1"}).row()

    assert (row.response_id, row.cost_usd, row.cost_status) == ("r1", None, CostStatus.UNPRICED)


def test_deepgram_speaks() -> None:
    """Headers tell the characters, and the voice that was used."""

    headers = SPOKEN | {"dg-char-count": "64", "dg-model-name": "aura-2-thalia-en"}
    row = Exchange(url=f"{DEEPGRAM}/speak", asked={"text": "Hello"}, headers=headers, answer=MP3).row()

    assert (row.response_model, quantities(row)) == ("aura-2-thalia-en", {"character": 64})
    assert (row.cost_usd, row.cost_status) == (Decimal("0.00192"), CostStatus.EXACT)


def test_deepgram_reads() -> None:
    """Understanding a text tells tokens, which have no list price here."""

    answer: dict[str, object] = {"metadata": {"summary_info": {"input_tokens": 70, "output_tokens": 20}}}
    row = Exchange(url=f"{DEEPGRAM}/read?summarize=true", asked={"text": "Hello"}, answer=answer).row()

    assert (row.input_tokens, row.cost_status) == (70, CostStatus.UNPRICED)


TRANSCRIPT: dict[str, object] = {"id": "t1", "audio_duration": 3600, "speech_model": None}


@pytest.mark.parametrize(
    ("answer", "status", "usd"),
    [
        ({"id": "t1", "status": "queued", "audio_duration": None}, CostStatus.PENDING, None),
        ({"id": "t1", "status": "processing", "audio_duration": None}, CostStatus.PENDING, None),
        (TRANSCRIPT | {"status": "completed"}, CostStatus.EXACT, "0.15"),
        (
            TRANSCRIPT | {"status": "completed", "speech_model_used": "universal-3-pro", "audio_channels": 2},
            CostStatus.EXACT,
            "0.42",
        ),
        (TRANSCRIPT | {"status": "error", "error": "no audio"}, CostStatus.NOT_BILLED, "0"),
    ],
)
@pytest.mark.parametrize("host", ["api.assemblyai.com", "api.eu.assemblyai.com"])
def test_assemblyai(answer: dict[str, object], status: CostStatus, usd: str | None, host: str) -> None:
    """A transcript costs the length of its sound when it is done, and nothing if it fails."""

    row = Exchange(url=f"https://{host}/v2/transcript/t1", method="GET", answer=answer).row()

    assert (row.job_id, row.cost_status) == ("t1", status)
    assert (None if row.cost_usd is None else str(round(row.cost_usd, 6).normalize())) == usd


def test_assemblyai_names_models_in_a_list() -> None:
    """The first of the models that were asked for is the one to expect."""

    asked: dict[str, object] = {"audio_url": "https://x.example/a.mp3", "speech_models": ["universal-3-pro"]}
    answer: dict[str, object] = {"id": "t1", "status": "queued"}
    row = Exchange(url="https://api.assemblyai.com/v2/transcript", asked=asked, answer=answer).row()

    assert (row.request_model, row.cost_status) == ("universal-3-pro", CostStatus.PENDING)


@pytest.mark.parametrize(
    ("method", "path", "usage", "charged", "usd"),
    [
        ("POST", "/query", {"readUnits": 6}, {"read_unit": 6}, "0.000096"),
        ("GET", "/vectors/fetch", {"readUnits": 1}, {"read_unit": 1}, "0.000016"),
        ("POST", "/query", {}, {}, None),
        ("POST", "/vectors/upsert", None, {}, None),
    ],
)
def test_pinecone(
    method: str, path: str, usage: dict[str, object] | None, charged: dict[str, Decimal], usd: str | None
) -> None:
    """What is read is told and charged; what is written, and what an older index reads, is not told and not guessed."""

    host = "index-1a2b3c.svc.aped-4627-b74a.pinecone.io"
    answer: dict[str, object] = {"matches": []} if usage is None else {"matches": [], "usage": usage}
    row = Exchange(url=f"https://{host}{path}", method=method, asked={"topK": 3}, answer=answer).row()

    assert (row.provider, quantities(row)) == ("pinecone", charged)
    assert row.cost_usd == (None if usd is None else Decimal(usd))
    assert row.cost_status is (CostStatus.UNPRICED if usd is None else CostStatus.EXACT)


def test_pinecone_embeds_and_ranks() -> None:
    """Models of the inference API count tokens and documents that were ranked."""

    embed = Exchange(
        url="https://api.pinecone.io/embed",
        asked={"model": "multilingual-e5-large"},
        answer={"model": "multilingual-e5-large", "usage": {"total_tokens": 12}},
    ).row()
    rank = Exchange(
        url="https://api.pinecone.io/rerank", asked={"model": "x"}, answer={"usage": {"rerank_units": 1}}
    ).row()

    assert (embed.operation, embed.input_tokens) == ("embeddings", 12)
    assert quantities(rank) == {"search_unit": 1}


def test_voyage_counts_pixels() -> None:
    """Text by the token and pictures by the pixel; the total, which counts both as tokens, is not charged again."""

    usage = {"text_tokens": 1000, "image_pixels": 2_000_000, "total_tokens": 4572}
    row = Exchange(
        url="https://api.voyageai.com/v1/multimodalembeddings",
        asked={"model": "voyage-multimodal-3"},
        answer={"model": "voyage-multimodal-3", "usage": usage},
    ).row()

    assert quantities(row) == {"input": 1000, "pixel": 2_000_000}
    assert (row.cost_usd, row.cost_status) == (Decimal("0.00132"), CostStatus.EXACT)


@pytest.mark.parametrize("path", ["embeddings", "contextualizedembeddings", "rerank"])
def test_voyage_counts_tokens(path: str) -> None:
    """A total is all that is told of text."""

    answer: dict[str, object] = {"model": "rerank-2.5", "usage": {"total_tokens": 1000}}
    row = Exchange(url=f"https://api.voyageai.com/v1/{path}", asked={"model": "rerank-2.5"}, answer=answer).row()

    assert (row.input_tokens, row.cost_usd) == (1000, Decimal("0.00005"))


PREDICTION: dict[str, object] = {"id": "p1", "model": "owner/model", "version": "5c7d"}


@pytest.mark.parametrize(
    ("answer", "status", "charged"),
    [
        ({"status": "starting"}, CostStatus.PENDING, {}),
        ({"status": "processing", "metrics": {}}, CostStatus.PENDING, {}),
        ({"status": "succeeded", "metrics": {"predict_time": 2.5}}, CostStatus.UNPRICED, {"compute_second": 2.5}),
        ({"status": "succeeded", "metrics": {"image_count": 2}}, CostStatus.UNPRICED, {"image": 2}),
        ({"status": "canceled", "metrics": {"predict_time": 1}}, CostStatus.UNPRICED, {"compute_second": 1}),
        ({"status": "failed", "error": "no"}, CostStatus.NOT_BILLED, {}),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/predictions"), ("GET", "/predictions/p1"), ("POST", "/predictions/p1/cancel")],
)
def test_replicate(
    method: str, path: str, answer: dict[str, object], status: CostStatus, charged: dict[str, float]
) -> None:
    """A prediction is done at once or later; it has a price where an alias names its hardware."""

    row = Exchange(url=REPLICATE + path, method=method, answer=PREDICTION | answer).row()

    assert (row.job_id, row.cost_status) == ("p1", status)
    assert quantities(row) == {unit: Decimal(str(n)) for unit, n in charged.items()}


def test_hardware_is_named_by_an_alias() -> None:
    """A user who knows where a model runs names it, and its seconds have a price."""

    prices = book("""
updated: 2026-11-21
providers:
  replicate:
    hosts: [api.replicate.com]
    routes: [{path: /v1/predictions, dialect: replicate}]
    aliases: {owner/model: gpu-l40s}
    models: {gpu-l40s: [{compute_second: 0.000975}]}
""")
    answer = PREDICTION | {"status": "succeeded", "metrics": {"predict_time": 2}}
    row = Exchange(url=f"{REPLICATE}/predictions", answer=answer).row(prices)

    assert (row.model, row.cost_usd) == ("gpu-l40s", Decimal("0.00195"))

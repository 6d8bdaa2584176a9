"""Pictures, speech, transcripts, videos, pages and caches of the LLM providers, from the wire to the invoice."""

import json
from decimal import Decimal

import pytest

from llmobs.event import CostStatus, Outcome
from tests.exchanges import Exchange, quantities

OPENAI = "https://api.openai.com/v1"
GEMINI = "https://generativelanguage.googleapis.com/v1beta"
XAI = "https://api.x.ai/v1"
MISTRAL = "https://api.mistral.ai/v1"
PICTURE = {"url": "https://pictures.example/1.png"}
MP3 = b"ID3\x04\x00\x00\x00\x00\x00#TSSE" + b"\xff\xfb\x90\x44" * 5000
SPOKEN = {"content-type": "audio/mpeg"}


def form(**parts: str) -> bytes:
    """A multipart form of these fields, and of a file before them."""
    file = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n\x89PNG\x00\r\n'
    fields = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{part}\r\n' for name, part in parts.items()]
    return file + "".join(fields).encode() + b"--b--\r\n"


@pytest.mark.parametrize(
    ("asked", "variant", "usd"),
    [
        ({"model": "dall-e-3"}, "standard/1024x1024", "0.08"),
        ({"model": "dall-e-3", "quality": "hd", "size": "1024x1792"}, "hd/1024x1792", "0.24"),
        ({"model": "dall-e-2", "size": "256x256", "n": 2}, "standard/256x256", "0.032"),
        ({"size": "512x512"}, "standard/512x512", "0.036"),
    ],
)
def test_pictures_by_quality_and_size(asked: dict[str, object], variant: str, usd: str) -> None:
    """DALL-E's pictures cost by model, quality and size, as many as came; without a model it is DALL-E 2."""

    row = Exchange(url=f"{OPENAI}/images/generations", asked=asked, answer={"data": [PICTURE] * 2}).row()

    assert (row.variant, row.cost_usd, row.cost_status) == (variant, Decimal(usd), CostStatus.EXACT)
    assert quantities(row) == {"image": 2}


def test_an_edit_says_its_size_in_a_form() -> None:
    """The fields of a form decide the price as those of a JSON body do."""

    asked = form(model="dall-e-2", size="256x256", n="1")
    row = Exchange(url=f"{OPENAI}/images/edits", asked=asked, answer={"data": [PICTURE]}).row()

    assert (row.request_model, row.cost_usd) == ("dall-e-2", Decimal("0.016"))


def test_pictures_that_are_counted_in_tokens() -> None:
    """A picture with a usage object is charged by its tokens, not again as a piece."""

    usage = {
        "input_tokens": 50,
        "input_tokens_details": {"image_tokens": 40, "text_tokens": 10},
        "output_tokens": 1056,
        "total_tokens": 1106,
    }
    answer: dict[str, object] = {"data": [PICTURE], "usage": usage, "quality": "high", "size": "1024x1024"}
    row = Exchange(url=f"{OPENAI}/images/generations", asked={"model": "gpt-image-1"}, answer=answer).row()

    assert quantities(row) == {"input": 10, "input_image": 40, "output": 1056}
    assert (row.variant, row.cost_usd) == ("high/1024x1024", Decimal("0.04269"))


def test_a_stream_of_pictures() -> None:
    """The last event of a stream of pictures has the usage object."""

    partial = {"type": "image_generation.partial_image", "b64_json": "aaaa"}
    last = {
        "type": "image_generation.completed",
        "b64_json": "bbbb",
        "usage": {"input_tokens": 10, "output_tokens": 272, "total_tokens": 282},
    }
    answer = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in (partial, last)).encode()
    row = Exchange(url=f"{OPENAI}/images/generations", asked={"model": "gpt-image-1"}, answer=answer).row()

    assert (row.streamed, row.output_tokens, row.cost_status) == (True, 272, CostStatus.EXACT)


def test_characters_that_are_read_out() -> None:
    """Speech of tts-1 is charged by the characters of the request; the sound tells nothing."""

    asked: dict[str, object] = {"model": "tts-1", "input": "Grüße, Welt", "voice": "alloy"}
    row = Exchange(url=f"{OPENAI}/audio/speech", asked=asked, headers=SPOKEN, answer=MP3).row()

    assert quantities(row) == {"character": 11}
    assert (row.cost_usd, row.cost_status) == (Decimal("0.000165"), CostStatus.EXACT)
    assert row.response_bytes == len(MP3)


def test_speech_by_the_token_without_its_tokens() -> None:
    """The tokens of newer voices are not told beside their sound: the characters are there, and no price."""

    asked: dict[str, object] = {"model": "gpt-4o-mini-tts", "input": "Hello", "voice": "alloy"}
    row = Exchange(url=f"{OPENAI}/audio/speech", asked=asked, headers=SPOKEN, answer=MP3).row()

    assert (quantities(row), row.cost_usd, row.cost_status) == ({"character": 5}, None, CostStatus.UNPRICED)


def test_speech_by_the_token_as_a_stream() -> None:
    """As a stream of events speech tells its tokens, which are charged instead of the characters."""

    usage = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    events = ({"type": "speech.audio.delta", "audio": "AAAA"}, {"type": "speech.audio.done", "usage": usage})
    answer = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    asked: dict[str, object] = {"model": "gpt-4o-mini-tts", "input": "Hello", "stream_format": "sse"}
    row = Exchange(url=f"{OPENAI}/audio/speech", asked=asked, answer=answer).row()

    assert quantities(row) == {"input": 14, "output": 101}
    assert row.cost_status is CostStatus.EXACT


@pytest.mark.parametrize(
    ("answer", "charged", "status"),
    [
        ({"text": "hi", "usage": {"type": "duration", "seconds": 4}}, {"audio_second": 4}, CostStatus.EXACT),
        ({"text": "hi", "duration": 3.7}, {"audio_second": Decimal("3.7")}, CostStatus.EXACT),
        ({"text": "hi"}, {}, CostStatus.UNPRICED),
        (b"1\n00:00:00,000 --> 00:00:03,700\nhi\n", {}, CostStatus.UNPRICED),
    ],
)
def test_transcriptions_by_the_second(answer: bytes, charged: dict[str, Decimal], status: CostStatus) -> None:
    """Whisper tells seconds in its JSON forms; as plain text or subtitles it tells nothing."""

    asked = form(model="whisper-1")
    row = Exchange(url=f"{OPENAI}/audio/transcriptions", asked=asked, answer=answer).row()

    assert (quantities(row), row.cost_status) == (charged, status)


def test_transcriptions_by_the_token() -> None:
    """Where both are told, the tokens are charged and the length is not."""

    usage = {
        "type": "tokens",
        "input_tokens": 37,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 37},
        "output_tokens": 12,
        "total_tokens": 49,
    }
    answer: dict[str, object] = {"text": "hi", "duration": 3.7, "usage": usage}
    asked = form(model="gpt-4o-transcribe")
    row = Exchange(url=f"{OPENAI}/audio/transcriptions", asked=asked, answer=answer).row()

    assert quantities(row) == {"input_audio": 37, "output": 12}


VIDEO: dict[str, object] = {
    "id": "video_1",
    "object": "video",
    "model": "sora-2-pro",
    "size": "1792x1024",
    "seconds": "8",
}


@pytest.mark.parametrize(
    ("state", "status", "usd"),
    [
        ("queued", CostStatus.PENDING, None),
        ("in_progress", CostStatus.PENDING, None),
        ("completed", CostStatus.EXACT, Decimal(4)),
        ("failed", CostStatus.NOT_BILLED, Decimal(0)),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/videos"), ("GET", "/videos/video_1")])
def test_a_video_is_a_job(method: str, path: str, state: str, status: CostStatus, usd: Decimal | None) -> None:
    """A video costs its seconds at its size when it is complete, and nothing when it fails."""

    row = Exchange(url=OPENAI + path, method=method, answer=VIDEO | {"status": state}).row()

    assert (row.job_id, row.cost_status, row.cost_usd) == ("video_1", status, usd)


def test_imagen() -> None:
    """Imagen's pictures are counted; the model is in the path."""

    picture = {"bytesBase64Encoded": "aaaa", "mimeType": "image/png"}
    url = f"{GEMINI}/models/imagen-4.0-generate-001:predict"
    row = Exchange(url=url, asked={"parameters": {"sampleCount": 4}}, answer={"predictions": [picture] * 3}).row()

    assert (row.request_model, quantities(row)) == ("imagen-4.0-generate-001", {"image": 3})


VEO = "models/veo-3.1-fast-generate-preview"
OPERATION = f"{VEO}/operations/op1"


def test_veo_costs_what_was_asked_for() -> None:
    """The answer never says how long a video is, so the request decides: an estimate until it fails."""

    asked: dict[str, object] = {"parameters": {"durationSeconds": "6", "sampleCount": 2, "resolution": "1080p"}}
    row = Exchange(url=f"{GEMINI}/{VEO}:predictLongRunning", asked=asked, answer={"name": OPERATION}).row()

    assert (row.job_id, quantities(row)) == (OPERATION, {"video_second": 12})
    assert (row.variant, row.cost_usd, row.cost_status) == ("1080p/True", Decimal("1.44"), CostStatus.ESTIMATED)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"name": OPERATION}, CostStatus.PENDING),
        ({"name": OPERATION, "done": False}, CostStatus.PENDING),
        ({"name": OPERATION, "done": True, "response": {}}, CostStatus.UNPRICED),
        ({"name": OPERATION, "done": True, "error": {"code": 3, "message": "no"}}, CostStatus.NOT_BILLED),
    ],
)
def test_looking_a_video_up(answer: dict[str, object], status: CostStatus) -> None:
    """What is looked up says whether a video failed, and nothing of its length."""

    row = Exchange(url=f"{GEMINI}/{OPERATION}", method="GET", answer=answer).row()

    assert (row.job_id, row.cost_status) == (OPERATION, status)


def test_vertex_looks_a_video_up_by_post() -> None:
    """On Vertex AI an operation is asked for with a body, which asks for no second video."""

    url = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/"
    fetch = f"{url}models/veo-3.1-generate-001:fetchPredictOperation"
    row = Exchange(url=fetch, asked={"operationName": OPERATION}, answer={"name": OPERATION, "done": True}).row()

    assert (row.job_id, row.charges) == (OPERATION, ())


def test_a_cache_is_written_and_rented() -> None:
    """An explicit cache costs its tokens once, and rent for the time that it was asked to live."""

    asked: dict[str, object] = {"model": "models/gemini-2.5-flash", "ttl": "1800s"}
    answer: dict[str, object] = {"name": "cachedContents/1", "model": "models/gemini-2.5-flash"}
    answer["usageMetadata"] = {"totalTokenCount": 1000}
    row = Exchange(url=f"{GEMINI}/cachedContents", asked=asked, answer=answer).row()

    assert quantities(row) == {"cache_storage": 500, "input": 1000}
    assert (row.cost_usd, row.cost_status) == (Decimal("0.0008"), CostStatus.EXACT)


def test_a_cache_without_a_time_lives_for_an_hour() -> None:
    """Nobody says how long, and an hour is what it is then."""

    answer: dict[str, object] = {"name": "c", "usageMetadata": {"totalTokenCount": 1000}}
    row = Exchange(url=f"{GEMINI}/cachedContents", asked={"model": "models/gemini-2.5-pro"}, answer=answer).row()

    assert quantities(row) == {"cache_storage": 1000, "input": 1000}


def test_pictures_of_xai_tell_their_cost() -> None:
    """Ticks are what is paid, and the price list explains them."""

    answer: dict[str, object] = {"data": [PICTURE], "usage": {"cost_in_usd_ticks": 200000000}}
    row = Exchange(url=f"{XAI}/images/generations", asked={"model": "grok-imagine-image"}, answer=answer).row()

    assert (row.cost_usd, row.cost_status) == (Decimal("0.02"), CostStatus.PROVIDER_REPORTED)
    assert quantities(row) == {"image": 1}


def test_a_video_of_xai() -> None:
    """The request has an id that later answers do not repeat: the path has it; the last one tells the cost."""

    begun = Exchange(
        url=f"{XAI}/videos/generations", asked={"model": "grok-imagine-video"}, answer={"request_id": "v1"}
    )
    waits = Exchange(url=f"{XAI}/videos/v1", method="GET", status=202, answer={"status": "pending", "progress": 1})
    done: dict[str, object] = {"status": "done", "model": "grok-imagine-video", "video": {"duration": 1}}
    done["usage"] = {"cost_in_usd_ticks": 500000000}
    ready = Exchange(url=f"{XAI}/videos/v1", method="GET", answer=done).row()

    assert [(row.job_id, row.cost_status) for row in (begun.row(), waits.row())] == [("v1", CostStatus.PENDING)] * 2
    assert (ready.job_id, ready.cost_usd, ready.cost_status) == (
        "v1",
        Decimal("0.05"),
        CostStatus.PROVIDER_REPORTED,
    )
    assert quantities(ready) == {"video_second": 1}


def test_the_voice_of_xai() -> None:
    """What is heard has a length, what is said has characters; neither names a model."""

    heard = Exchange(url=f"{XAI}/stt", asked=form(language="en"), answer={"text": "hi", "duration": 3.7}).row()
    said = Exchange(url=f"{XAI}/tts", asked={"text": "Hello"}, headers=SPOKEN, answer=MP3).row()

    assert (quantities(heard), heard.model) == ({"audio_second": Decimal("3.7")}, "grok-voice-transcribe-2.0")
    assert (quantities(said), said.cost_usd) == ({"character": 5}, Decimal("0.000021"))


@pytest.mark.parametrize(
    ("asked", "usd"),
    [
        ({"model": "mistral-ocr-3"}, "0.004"),
        ({"model": "mistral-ocr-3", "document_annotation_format": {"type": "json_schema"}}, "0.006"),
    ],
)
def test_pages(asked: dict[str, object], usd: str) -> None:
    """OCR is charged by the page, and an annotated page costs more."""

    answer: dict[str, object] = {"model": "mistral-ocr-3", "usage_info": {"pages_processed": 2, "doc_size_bytes": 1}}
    row = Exchange(url=f"{MISTRAL}/ocr", asked=asked, answer=answer).row()

    assert (quantities(row), row.cost_usd) == ({"page": 2}, Decimal(usd))


def test_a_header_counts_characters() -> None:
    """Mistral's speech tells in a header what it took from the limit, and nothing in its body."""

    asked: dict[str, object] = {"model": "voxtral-mini-tts-2603", "input": "Hello"}
    headers = {"x-ratelimit-input-characters-query-cost": "64"}
    row = Exchange(url=f"{MISTRAL}/audio/speech", asked=asked, headers=headers, answer={"audio_data": "aaaa"}).row()

    assert (quantities(row), row.cost_usd) == ({"character": 64}, Decimal("0.001024"))


def test_a_transcription_of_mistral() -> None:
    """A price by the second stands for the tokens beside it."""

    usage = {
        "prompt_audio_seconds": 3,
        "prompt_tokens": 3,
        "completion_tokens": 11,
        "total_tokens": 389,
        "prompt_tokens_details": {"audio_tokens": 375},
    }
    answer: dict[str, object] = {"model": "voxtral-mini-2602", "text": "hi", "usage": usage}
    row = Exchange(url=f"{MISTRAL}/audio/transcriptions", asked=form(model="voxtral-mini-2602"), answer=answer).row()

    assert (quantities(row), row.cost_usd) == ({"audio_second": 3}, Decimal("0.00015"))


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/images/generations", {"error": {"type": "image_generation_user_error"}}), ("/audio/speech", {"error": "no"})],
)
def test_what_is_refused_costs_nothing(path: str, answer: dict[str, object]) -> None:
    """What was asked for is not charged where nothing was made."""

    row = Exchange(url=OPENAI + path, asked={"model": "tts-1", "input": "Hello"}, status=400, answer=answer).row()

    assert (row.outcome, row.cost_status, row.cost_usd) == (Outcome.ERROR, CostStatus.NOT_BILLED, Decimal(0))

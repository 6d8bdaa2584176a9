"""What is billed by something else than tokens: seconds, characters, pages, pictures, read units and payments.

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tests.corpus.expected import NOTHING, Expected, State, at, count, last, units
from tests.corpus.recording import Exchange, Json
from tests.corpus.wire_rules import openai_responses


def nothing(exchange: Exchange, found: list[Json]) -> Expected | None:
    """A call that is billed, though neither its answer nor its request says how much."""
    return NOTHING


def billed(quantities: Mapping[str, Decimal], usage: Json | None = None) -> Expected | None:
    """A call that is known by quantities alone."""
    return Expected(metered=True, has_usage=True, quantities=quantities, usage=usage or {}) if quantities else None


def transcription(exchange: Exchange, found: list[Json]) -> Expected | None:
    """`usage.type` is tokens or duration (section 2); text formats say nothing."""
    usage = last(found, "usage")
    if "seconds" in usage:
        return billed(units(audio_second=usage["seconds"]), usage)
    return openai_responses(exchange, found)


def speech(exchange: Exchange, found: list[Json]) -> Expected | None:
    """tts-1 bills the characters of `input`; a model that bills tokens shows them only in its events (section 2)."""
    said = openai_responses(exchange, found)
    text = exchange.request.get("input")
    if said or not str(exchange.request.get("model")).startswith("tts-1") or not isinstance(text, str):
        return said
    return billed(units(character=len(text)))


def pictures(exchange: Exchange, found: list[Json]) -> Expected | None:
    """gpt-image tells tokens; dall-e nothing, it costs a price per picture (section 2), and a form may leave it out."""
    said = openai_responses(exchange, found)
    made = found[0].get("data") if found else None
    named = exchange.request.get("model") or b"form-data" in exchange.request_body
    if said or not named or not isinstance(made, list):
        return said
    return billed(units(image=len(made)))


def xai_pictures(exchange: Exchange, found: list[Json]) -> Expected | None:
    """xAI tells what a picture costs (section 7)."""
    usage = last(found, "usage")
    return Expected(metered=True, has_usage=True, usage=usage) if usage else None


def xai_stt(exchange: Exchange, found: list[Json]) -> Expected | None:
    """The seconds of the recording are in the answer."""
    return billed(units(audio_second=found[0].get("duration"))) if found else None


def xai_tts(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Billed by the characters that were sent."""
    return billed(units(character=len(str(exchange.request.get("text", "")))))


def mistral_ocr(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Pages, in `usage_info` (section 7)."""
    usage = last(found, "usage_info")
    return billed(units(page=count(usage, "pages_processed")), usage)


def mistral_speech(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Characters, in a rate-limit header and nowhere else (section 7)."""
    return billed(units(character=_number(exchange, "x-ratelimit-input-characters-query-cost")))


def deepgram_listen(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Seconds of the recording, one price per channel (section 8)."""
    meta = last(found, "metadata")
    seconds, channels = meta.get("duration"), count(meta, "channels") or 1
    return billed(units(audio_second=seconds * channels)) if isinstance(seconds, int | float) else None


def deepgram_speak(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Characters, in a header (section 8)."""
    return billed(units(character=_number(exchange, "dg-char-count")))


def pinecone_query(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Read units, where the index says them (section 8)."""
    usage = last(found, "usage")
    return billed(units(read_unit=count(usage, "readUnits")), usage)


def stripe_payment(exchange: Exchange, found: list[Json]) -> Expected | None:
    """A payment that succeeded costs a share of it and a fixed fee, in test mode nothing; its amount is no cost."""
    told = found[0] if found else {}
    charge = told if told.get("object") == "charge" else _charge(told)
    name = charge.get("id") if isinstance(charge, dict) else charge
    if told.get("status") != "succeeded" or not isinstance(name, str):
        return Expected(metered=exchange.method == "POST", excluded_reason="nothing was paid")
    paid = count(told, "amount_received") or count(told, "amount_captured") or 0
    said = billed(units(payment=1, payment_volume=paid / 100)) if told.get("livemode") else None
    free = replace(NOTHING, excluded_reason="a test costs nothing", state=State.FAILED)
    return replace(said or free, jobs=frozenset({name}), state=State.DONE if said else State.FAILED)


def _charge(intent: Json) -> object:
    listed = at(intent, "charges.data")
    return intent.get("latest_charge") or (listed[0] if isinstance(listed, list) and listed else None)


def cached_contents(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Making a cache bills its tokens, and their storage for the hours that were asked for (section 4)."""
    usage = last(found, "usageMetadata")
    tokens, asked = count(usage, "totalTokenCount"), str(exchange.request.get("ttl", "3600s"))
    if tokens is None:
        return None
    storage = units(cache_storage=tokens * float(asked.removesuffix("s")) / 3600)
    return Expected(metered=True, has_usage=True, input_tokens=tokens, total=tokens, usage=usage, quantities=storage)


def guardrail(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Text units by policy, each at a price of its own (section 5)."""
    usage = last(found, "usage")
    return Expected(metered=True, has_usage=bool(at(usage, "topicPolicyUnits")), usage=usage)


def _number(exchange: Exchange, header: str) -> int | None:
    value = exchange.response_headers.get(header, "")
    return int(value) if value.isdecimal() else None

"""A user's program, whose calls say where they come from: customer, run and number of parallel streams are arguments.

It knows the proxy from its environment only.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import anthropic
import httpx
import openai
import requests
from google import genai

from llmobs.sections import headers, observe, section, set_customer_id, set_run_id, set_tags
from tests.e2e import asks


def plan() -> None:
    """A call of the openai client."""
    client = openai.OpenAI(api_key="sk-testbed", max_retries=0)
    client.chat.completions.create(**asks.CHAT.body)


@section("tool:search", tags={"engine": "b=2;c"})
def search() -> None:
    """Calls of anthropic and of requests, the latter of which also asks somebody who is no provider."""
    client = anthropic.Anthropic(api_key="sk-testbed", max_retries=0)
    client.messages.create(**asks.MESSAGES.body)
    requests.post(asks.CHAT.url, json=asks.CHAT.body, timeout=60).raise_for_status()
    requests.get("https://example.org/", timeout=60).raise_for_status()


@section("write")
async def write() -> None:
    """Calls of google and of aiohttp."""
    client = genai.Client(api_key="AIza0123456789abcdef")
    await client.aio.models.generate_content(model="testbed-gemini", contents="hello")
    async with (
        aiohttp.ClientSession(trust_env=True) as session,
        session.post(asks.CHAT.url, json=asks.CHAT.body) as answer,
    ):
        answer.raise_for_status()


async def stream(client: httpx.AsyncClient, number: int) -> None:
    """One of many streams at once, each for a customer of its own."""
    with section(f"stream:{number}"):
        set_customer_id(f"customer-{number}")
        answer = await client.post(asks.CHAT_STREAM_USAGE.url, json=asks.CHAT_STREAM_USAGE.body)
        answer.raise_for_status()


async def streams(count: int) -> None:
    """Many streams at once."""
    async with httpx.AsyncClient(timeout=120) as client:
        await asyncio.gather(*(stream(client, number) for number in range(count)))


def main(customer: str, run: str, count: int) -> None:
    """Observe, and call."""
    observe()
    set_run_id(run)
    set_customer_id(customer)
    set_tags(team="größe")
    if count:
        asyncio.run(streams(count))
        return
    with section("agent:research"):
        plan()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(search).result()
        asyncio.run(write())
    told = headers()
    with httpx.Client(headers=told, trust_env=True) as client:
        client.post(asks.CHAT.url, json=asks.CHAT.body).raise_for_status()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

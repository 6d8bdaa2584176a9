"""Knows which hosts may be told who a call is for; does not know what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The domains of the hosts in pricing.yaml, which this package can't read: it has no YAML. A test compares the two.
_DOMAINS = """
ai21.com aliyuncs.com amazonaws.com anthropic.com api.aws arcee.ai assemblyai.com avian.io azure.com
azuredatabricks.net baidubce.com baseten.co bigmodel.cn bytepluses.com cerebras.ai chatgpt.com chutes.ai
cloudflare.com cohere.ai cohere.com crusoecloud.com databricks.com deepgram.com deepinfra.com deepseek.com do-ai.run
doubleword.ai elevenlabs.io exa.ai featherless.ai firecrawl.dev fireworks.ai friendli.ai github.ai githubcopilot.com
gmi-serving.com googleapis.com groq.com heroku.com huggingface.cloud huggingface.co hyperbolic.xyz ibm.com
inceptionlabs.ai inference.net jina.ai kimi.com lambda.ai meta.ai minimax.chat minimax.io minimaxi.chat minimaxi.com
mistral.ai mongodb.com moonshot.ai moonshot.cn morphllm.com nebius.ai nebius.com nineteen.ai novita.ai nscale.com
nvidia.com ollama.com openai.com openrouter.ai ovh.net parasail.io perplexity.ai pinecone.io portkey.ai publicai.co
pydantic.dev reka.ai replicate.com requesty.ai sambanova.ai scaleway.ai serper.dev siliconflow.cn siliconflow.com
snowflakecomputing.com stripe.com targon.com tavily.com tencent.com tencentmaas.com together.ai together.xyz
twilio.com upstage.ai v0.dev venice.ai vercel.sh volces.com voyageai.com wandb.ai writer.com x.ai z.ai
"""
DOMAINS = tuple(_DOMAINS.split())


class Audience:
    """Who may be told: the proxy takes off what it is told, and no one else is to know who a customer is."""

    def __init__(self) -> None:
        self.always = False
        self.domains = DOMAINS

    def may_know(self, host: str | None) -> bool:
        """Whether a host is told; None is one that could not be found out."""
        if host in LOOPBACK:
            return True
        return (host is None or self._names(host)) and (self.always or is_proxied(host))

    def _names(self, host: str) -> bool:
        return any(domain in ("*", host) or host.endswith(f".{domain}") for domain in self.domains)

    def add(self, hosts: Iterable[str], *, always: bool) -> None:
        """Let more of them know; "*.example.com" means the same as "example.com"."""
        self.domains += tuple(host.lower().removeprefix("*.") for host in hosts)
        self.always = self.always or always


AUDIENCE = Audience()


def is_proxied(host: str | None) -> bool:
    """Whether the environment names a proxy for a host."""
    proxies = getproxies()
    named = any(proxies.get(scheme) for scheme in ("https", "http", "all"))
    return named and not (host and proxy_bypass(host))


def hostname(url: object) -> str | None:
    """The host of a URL, or of what a Host header says."""
    text = str(url or "")
    return urlsplit(text if "//" in text else f"//{text}").hostname

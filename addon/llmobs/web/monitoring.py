"""What monitoring asks for: figures, whether the proxy lives, whether rows reach the database."""

from collections.abc import Awaitable, Callable

from aiohttp import web

# Whoever asks whether the proxy lives has given up after a few seconds.
PATIENCE_S = 2.0

# From what the asker accepts to a body and its content type.
type Figures = Callable[[str], tuple[bytes, str]]
# A sentence on what is wrong; None where nothing is.
type Ready = Callable[[], str | None]
type Lives = Callable[[float], Awaitable[bool]]


def routes(figures: Figures, ready: Ready, lives: Lives) -> list[web.RouteDef]:
    """`/metrics`, `/healthz` and `/readyz`."""

    async def metrics(request: web.Request) -> web.Response:
        body, content_type = figures(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def healthz(_request: web.Request) -> web.Response:
        if await lives(PATIENCE_S):
            return web.Response(text="The proxy lives.\n")
        return web.Response(status=503, text="The proxy's event loop does not answer.\n")

    async def readyz(_request: web.Request) -> web.Response:
        problem = ready()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'Rows reach the database.'}\n")

    return [web.get("/metrics", metrics), web.get("/healthz", healthz), web.get("/readyz", readyz)]

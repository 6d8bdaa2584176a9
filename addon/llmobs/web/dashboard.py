"""The dashboard's routes for the web server: pages from the workshop, files, and the headers of both."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlencode

from aiohttp import web

from llmobs.dashboard import assets
from llmobs.web.workshop import Page, Workshop

# No script, style or frame but those of this server; what plotly.js sets by script is not in question here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOR_EVER = "public, max-age=31536000, immutable"


type Handler = Callable[[web.Request], Awaitable[web.Response]]


class Dashboard:
    """What the web server has to be given."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    @property
    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Pages and files; nothing here takes anything but GET and HEAD."""
        return (
            web.get("/", self._page),
            web.get("/call", self._page),
            web.get("/trace", self._page),
            web.get("/call/{id:.+}", self._one("/call")),
            web.get("/trace/{id:.+}", self._one("/trace")),
            web.get("/static/{digest}/{name}", _file),
        )

    async def close(self, _application: web.Application) -> None:
        """End what makes the pages."""
        await self._workshop.close()

    async def _page(self, request: web.Request) -> web.Response:
        return _sent(request, await self._workshop.page(request.path, request.rel_url.raw_query_string))

    def _one(self, path: str) -> Handler:
        """The page of what the address itself names."""

        async def page(request: web.Request) -> web.Response:
            return _sent(request, await self._workshop.page(path, urlencode({"id": request.match_info["id"]})))

        return page


def _sent(request: web.Request, page: Page) -> web.Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    if page.location:
        return web.Response(status=page.status, headers=headers | {"Location": page.location})
    tag = hashlib.sha256(page.body).hexdigest()[:32]
    headers |= {"X-Fresh-Seconds": f"{page.fresh_s:.1f}", "ETag": f'"{tag}"'}
    if page.status == web.HTTPOk.status_code and any(tag == known.value for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    kind = "text/html" if page.body.startswith(b"<!doctype") else "text/plain"
    return web.Response(status=page.status, body=page.body, content_type=kind, charset="utf-8", headers=headers)


async def _file(request: web.Request) -> web.Response:
    # To compress plotly.js takes a tenth of a second.
    found = await asyncio.to_thread(assets.asset, request.match_info["name"], request.match_info["digest"])
    if found is None:
        raise web.HTTPNotFound
    headers = {"Content-Type": found.content_type, "Content-Encoding": "gzip", "Cache-Control": _FOR_EVER}
    return web.Response(body=found.gzipped, headers=headers)

"""Streams the answer of an attempt on to whoever asked, and cuts it where it was cut; it does not judge answers."""

import aiohttp
from aiohttp import web

from llmobs.relay import client, head
from llmobs.relay.passage import Trial
from llmobs.relay.patience import Patience

_NO_BODY = (204, 304)


async def stream(
    asked: web.BaseRequest, answered: aiohttp.ClientResponse, first: bytes, trial: Trial, patience: Patience
) -> web.StreamResponse:
    """The whole answer as it comes; one that breaks off is broken off here, too, so that nobody takes it for whole."""
    came = head.Head(answered.reason or "", answered.raw_headers)
    response = web.StreamResponse(status=answered.status, headers={head.HEAD: head.packed(came)})
    if (length := answered.content_length) is not None:
        response.content_length = length
    elif answered.status not in _NO_BODY:
        response.enable_chunked_encoding()
    try:
        await response.prepare(asked)
        data = first or await client.more(answered, patience)
        while data:
            await response.write(data)
            data = await client.more(answered, patience)
        await response.write_eof()
    except client.LateError as late:
        trial.give_up(late.phase, patience.told(late.phase))
        _break_off(asked, answered)
    except aiohttp.ClientError:
        _break_off(asked, answered)
    return response


def _break_off(asked: web.BaseRequest, answered: aiohttp.ClientResponse) -> None:
    answered.close()
    # What came before is still delivered.
    asked.protocol.force_close()

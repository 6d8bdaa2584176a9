"""The upstream process: one TLS port on 127.0.0.1 that plays every provider, until its standard input ends.

Run as `python -m tests.testbed.server FOLDER`; it prints the port as one line.
"""

import asyncio
import ssl
import sys
from pathlib import Path

from tests.testbed import http1, http2
from tests.testbed.certificates import Certificates
from tests.testbed.journal import Journal

# Room for a whole request head with a long header.
_LINE_BYTES = 1024 * 1024
# More connections at once than any test opens: of those that find no room some are forgotten.
_BACKLOG = 512


def tls(files: Certificates) -> ssl.SSLContext:
    """The server's side of TLS, with HTTP/2 on offer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def run(folder: Path) -> None:
    """Serve until standard input ends."""
    journal = Journal()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            await http2.Connection(journal, reader, writer).serve()
        else:
            await http1.serve(journal, reader, writer)

    files = Certificates(folder / "testbed-ca.pem", folder / "testbed-leaf.pem", folder / "testbed-leaf.key")
    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls(files), limit=_LINE_BYTES, backlog=_BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The parent holds the other end of the pipe: when it is gone, so is this process.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))

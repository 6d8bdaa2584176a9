"""One small program per runtime that asks the proxy's own host; a table, and nothing that runs it.

Each prints what it was answered, or fails as programs of that runtime do; ABSENT: there is no such library.
"""

from dataclasses import dataclass

ABSENT = 66


@dataclass(frozen=True, slots=True)
class Probe:
    """A runtime: how its program is called and with what source, and what makes it trust the proxy.

    suffix: the source goes into a file that ends so; without one it is an argument. note: what else has to be said.
    """

    name: str
    program: str
    arguments: tuple[str, ...]
    trust: str
    source: str = ""
    suffix: str = ""
    version: tuple[str, ...] = ("--version",)
    note: str = ""


def _python(library: str, body: str, trust: str, note: str = "") -> Probe:
    head = f"import sys\ntry:\n    import {library}\nexcept ImportError:\n    sys.exit({ABSENT})\nu = sys.argv[1]\n"
    return Probe(f"Python {library}", "python3", ("-c",), trust, head + body, note=note)


_AIOHTTP = """\
import asyncio
async def main():
    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.get(u) as answer:
            print(await answer.text())
asyncio.run(main())"""
_BOTO3 = """\
from botocore import UNSIGNED, config
options = config.Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
client = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url=u, config=options)
print(client.invoke_model(modelId="m", body=b"{}")["body"].read().decode())"""
_GRPC = """\
channel = grpc.secure_channel(u.split("/")[2], grpc.ssl_channel_credentials())
grpc.channel_ready_future(channel).result(timeout=10)
print('{"seen": true}')"""
_NODE = """\
fetch(process.argv[1]).then(async (answer) => console.log(await answer.text())).catch((error) => {
  console.error(String(error.cause ?? error));
  process.exit(1);
});"""
_GO = """\
package main

import ("fmt"; "io"; "net/http"; "os")

func main() {
	answer, err := http.Get(os.Args[1])
	if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(string(body))
}
"""
_JAVA = """\
import java.net.URI;
public class Probe {
    public static void main(String[] arguments) throws Exception {
        var stream = new URI(arguments[0]).toURL().openConnection().getInputStream();
        System.out.println(new String(stream.readAllBytes()));
    }
}
"""

PROBES = (
    Probe("curl", "curl", ("-sS", "--max-time", "15"), "CURL_CA_BUNDLE or SSL_CERT_FILE"),
    _python("urllib.request", "print(urllib.request.urlopen(u, timeout=15).read().decode())", "SSL_CERT_FILE"),
    _python("httpx", "print(httpx.get(u, timeout=15).text)", "SSL_CERT_FILE"),
    _python("requests", "print(requests.get(u, timeout=15).text)", "REQUESTS_CA_BUNDLE"),
    _python("aiohttp", _AIOHTTP, "SSL_CERT_FILE", "only with ClientSession(trust_env=True)"),
    _python("boto3", _BOTO3, "AWS_CA_BUNDLE"),
    _python("grpc", _GRPC, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"),
    Probe("Node", "node", ("-e",), "NODE_EXTRA_CA_CERTS", _NODE),
    Probe("Go", "go", ("run",), "SSL_CERT_FILE", _GO, ".go", ("version",)),
    Probe("Java", "java", (), "JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=FILE", _JAVA, ".java", ("-version",)),
)

"""The addon: every mitmproxy hook that LLMObserve needs, each a few lines that hand over to the layers below."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mitmproxy import addonmanager, ctx, exceptions, http, tls
from mitmproxy.proxy import server_hooks
from mitmproxy.proxy.layers import modes

from llmobs import store
from llmobs.config import ConfigError
from llmobs.dialects import DIALECTS
from llmobs.event import Outcome
from llmobs.hooks import answering, asking, begin, billed, callers, clocks, flows, published, sockets, start, stop
from llmobs.hooks.callers import Callers
from llmobs.hooks.calls import Calls
from llmobs.hooks.contained import contained
from llmobs.hooks.dispatch import hasten
from llmobs.hooks.gate import Gate
from llmobs.hooks.listeners import Listeners
from llmobs.hooks.once import Once
from llmobs.hooks.relaying import Relaying
from llmobs.hooks.replay import Replay
from llmobs.hooks.rules import Rules
from llmobs.pricing import PriceBook, load
from llmobs.settings import OPTIONS, Settings
from llmobs.tap import RequestTap, ResponseTap
from llmobs.writer import SpoolError

LOG = logging.getLogger("llmobserve")
# In a checkout the prices lie at its root, in an installed package within it.
PRICES = next(filter(Path.exists, (Path(__file__).parents[level] / "pricing.yaml" for level in (3, 1))))


@contained
class LLMObserve:
    """Meters every call to a known provider that passes the proxy; does nothing to any other."""

    def __init__(self) -> None:
        self.settings: Settings
        self.book: PriceBook
        self.rules = Rules(self._database)
        self.replay = Replay(self.rules.cache)
        self.gate = Gate(*self.rules.guards)
        self.calls = Calls(self.gate.settle, lambda: self.rules.capture.keep_days)
        self.listeners = Listeners(self)
        self.calls.heard = self.listeners.hear
        self.salt = b""
        self.asking = asking.Asking()
        self.callers, self.once = Callers(), Once()
        self.relaying = Relaying()
        self.addons = [self.relaying]  # for its own `done`, which waits

    # Life: constructors do nothing, `configure` provisions, `done` cleans up.

    def load(self, loader: addonmanager.Loader) -> None:
        """Declare the options, and look at what they are set to, of which mitmproxy would swallow its own refusal."""
        self._checked(lambda: start.check(ctx.options.deferred))
        stop.watch(ctx.master)
        for option in OPTIONS:
            loader.add_option(option.name, type(option.default), option.default, option.meaning)

    def configure(self, updated: set[str]) -> None:
        """Read prices again where their options changed; a mistake in them stops the start."""
        self.settings = Settings.of(ctx.options)
        self._checked(lambda: start.check(self.settings.given()))
        self._checked(lambda: self.listeners.configure(self.settings))
        self.calls.retries.skip = self.settings.retries == "skip"
        if "llmobserve_pricing" in updated:
            files = filter(None, (PRICES, start.file(self.settings.pricing)))
            self.book = self._checked(lambda: load(*files, dialects=DIALECTS))
        if "llmobserve_policy" in updated:
            self._checked(lambda: self.gate.open(start.file(self.settings.policy), self.book))
        if "proxyauth" in updated:
            callers.authenticate_without_pairs(ctx.master.addons.get("proxyauth"))
        target = self._checked(lambda: published.target(self.settings))
        if published.OPTIONS & updated and self.calls.running:
            self.calls.open(self._database(), target)

    def _checked[Read](self, read: Callable[[], Read]) -> Read:
        """What a file of the user says; a mistake in it stops the start, or else the change of the option."""
        try:
            return read()
        except ConfigError as problem:
            if not self.calls.running:
                stop.stop(str(problem))
            raise exceptions.OptionsError(str(problem)) from problem

    def _database(self) -> Path:
        return Path(self.settings.db).expanduser().absolute()

    def running(self) -> None:
        """Set what a user would trip over, and say how to use the proxy."""
        self.salt = start.salt(Path(ctx.options.confdir).expanduser())
        try:
            self.calls.open(self._database(), published.target(self.settings))
        except (SpoolError, store.StoreError) as problem:
            # An error that is logged before the proxy is up makes mitmdump exit with 1.
            LOG.error("%s", problem)  # noqa: TRY400 - the message says what to do, a traceback would hide it
            stop.quietly()
            ctx.master.shutdown()
            return
        start.guard(ctx.options)
        callers.authenticate_without_pairs(ctx.master.addons.get("proxyauth"))
        self.relaying.take(self.gate.policies)
        hasten(ctx.master.addons)
        self.listeners.serve()
        start.greet(ctx.options, self.calls.writer.database, self.listeners.url)

    def done(self) -> None:
        """End what is running as interrupted, and leave every row in the database or the spool."""
        self.calls.close()
        self.listeners.close()
        self.rules.budgets.close()

    # Connections.

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Tunnel every host that is not a provider's, with its own certificate."""
        host, port = data.context.server.address or (None, 443)
        names = (data.client_hello.sni, host)
        if not any(self.book.provider_at(name, port) for name in names if name):
            data.ignore_connection = True

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Say that a provider could not be reached; where no request was made there is no row to tell it."""
        host, port = data.server.address or ("", 0)
        if self.book.provider_at(host, port):
            LOG.warning("%s:%s could not be reached: %s", host, port, data.server.error)

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """Say once per host what a client needs that refuses our certificate."""
        self.once.warn(start.distrust(data.conn.sni or "a provider", ctx.options))

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Know whose calls come through a tunnel, by the user name of the proxy."""
        if not self.relaying.trials.refuse(flow):
            self.callers.connected(flow)

    def socks5_auth(self, data: modes.Socks5AuthData) -> None:
        """The same over SOCKS."""
        self.callers.authenticated(data)

    # Calls.

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Begin an attempt, and let its body through as it comes."""
        if not self.relaying.trials.receive(flow) or flows.unwelcome(flow):
            return
        flow.request.stream = True
        destination = flows.destination(self.book, flow)
        if destination is None:
            callers.pass_by(flow)
            return
        named = flows.headers(flow.request)
        said = self.callers.take(flow, named)
        self.relaying.take(self.gate.look())
        known = begin.Known(self.book, self.salt, self.gate.policies.keys)
        attempt = begin.attempt(flow, *destination, named, said, known)
        if attempt is not None:
            self.relaying.look_at(flow, attempt, named)
            allowed, held = self.settings.include_usage, self.gate.holds(attempt, named) or attempt.waits
            tap = flow.request.stream = self.asking.tap(named, attempt, allowed=allowed, held=held)
            begin.run(attempt, named, self.calls, held=tap.held)
            begin.warn(attempt, said, self.once)
            billed.identify(flow, named, tap)

    def request(self, flow: http.HTTPFlow) -> None:
        """The request is complete: know its model, and ask for usage where the client did not."""
        self.relaying.trials.fill(flow)
        tap = flow.request.stream
        if isinstance(tap, RequestTap):
            if flow.request.raw_content and not tap.sent:
                tap(flow.request.raw_content)
            tap.close()
            if self.relaying.took(flow, tap.attempt, self.calls):
                return
            self.calls.complete(tap.attempt, tap.request_id)
            self.relaying.trials.count(flow, tap.attempt)
            tap.attempt.content = self.rules.capture.begin(tap.attempt, partial(flows.key, flow.request))
            if (event := self.replay.answer(flow, tap)) is not None:
                self.calls.end(tap.attempt, event)
            elif self.gate.admit(flow, tap.attempt):
                self.asking.ask(flow)
            else:
                self.calls.end(tap.attempt, tap.attempt.event(Outcome.ERROR))

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let the answer through as it comes, and watch it."""
        assert flow.response is not None
        attempt = flows.attempt(flow)
        if attempt is None:
            flow.response.stream = True
            self.relaying.answered(flow)
            return
        named = flows.headers(flow.response)
        attempt.status_code = flow.response.status_code
        attempt.tier = flows.served_tier(named)
        attempt.served_model = flows.served_model(named)
        clocks.compare(flow, named, attempt, self.once)
        if sockets.opened(flow, attempt, self.calls):
            return
        attempt.meter.note(named)
        billed.hear(attempt, named, flow.response)
        tap = answering.tap(flow, named, attempt, self.calls, self.replay)
        self.asking.strip(flow, tap)
        flow.response.stream = tap
        self.calls.watch(attempt, tap)

    def response(self, flow: http.HTTPFlow) -> None:
        """The answer is complete, live or read from a file."""
        assert flow.response is not None
        tap = flow.response.stream
        if not isinstance(tap, ResponseTap) or flow.response.status_code == sockets.SWITCHING_PROTOCOLS:
            return
        body = flow.response.raw_content
        if body and not tap.attempt.response_bytes:
            tap.attempt.first_byte_at = flow.response.timestamp_start
            tap.take(body)
        tap.close()
        self.asking.learn(flow, tap.attempt.meter.kept)
        tap.attempt.refusal = flows.grpc_error(flow.response) or tap.attempt.refusal
        tap.attempt.ended_at = flow.response.timestamp_end
        self.replay.keep(flow, tap)
        self.calls.finish(tap.attempt, Outcome.OK)

    def error(self, flow: http.HTTPFlow) -> None:
        """The call was cut, by whichever side."""
        attempt = flows.attempt(flow)
        if attempt is None:
            self.relaying.left(flow)
            return
        if flow.response is not None and isinstance(flow.response.stream, ResponseTap):
            flow.response.stream.close()
        attempt.ended_at = flow.error.timestamp if flow.error else None
        outcome, error_type = flows.ending(flow)
        self.calls.finish(attempt, outcome, error_type)
        answering.cut(flow, outcome)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """A message passes over a socket to or from a provider."""
        if flows.attempt(flow) is not None:
            sockets.message(flow)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """A socket to a provider is closed."""
        if (attempt := flows.attempt(flow)) is not None:
            sockets.end(flow, attempt, self.calls)

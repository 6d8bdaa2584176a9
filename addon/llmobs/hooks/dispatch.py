"""How mitmproxy hands its events to addons, made faster; it does not know what any addon does with one.

For each event, of which a call has eight, mitmproxy asks each of its thirty-five addons whether it has a hook for that:
with small calls this is a third of all it does. Here it asks once, until an addon or an option changes.
"""

from inspect import isawaitable
from typing import Any

from mitmproxy import exceptions, hooks
from mitmproxy.addonmanager import AddonManager, safecall, traverse

# Addons of mitmproxy that look into no flow while this option is not set, and the option; to look at it takes them
# longer than the rest of the hook.
_IDLE_WITHOUT = {
    "anticache": "anticache",
    "anticomp": "anticomp",
    "blocklist": "block_list",
    "dumper": "flow_detail",
    "maplocal": "map_local",
    "mapremote": "map_remote",
    "modifybody": "modify_body",
    "modifyheaders": "modify_headers",
    "save": "save_stream_file",
    "savehar": "hardump",
    "stickyauth": "stickyauth",
    "stickycookie": "stickycookie",
}
# These concern the addons themselves, also one without work.
_LIFE = (hooks.RunningHook, hooks.DoneHook)


class Dispatch(AddonManager):
    """mitmproxy's own manager, which remembers whom an event of a flow or of a connection concerns."""

    concerned: dict[str, list[list[Any]]]

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Hand an event to the addons that have a hook for it, in their order; one that fails is logged, as ever."""
        if isinstance(event, _LIFE):
            await super().trigger_event(event)
            return
        name, about = event.name, event.args()
        for family in self._families(name):
            try:
                with safecall():
                    for addon in family:
                        answer = getattr(addon, name)(*about)
                        if answer is not None and isawaitable(answer):
                            await answer
            except exceptions.AddonHalt:
                return

    def _families(self, name: str) -> list[list[Any]]:
        """Those with such a hook, each with those that it brings: where one fails, the rest of its family rests."""
        known = self.concerned.get(name)
        if known is None:
            idle = self._idle()
            awake = (addon for addon in self.chain if not any(addon is each for each in idle))
            families = ([each for each in traverse([addon]) if getattr(each, name, None)] for addon in awake)
            known = self.concerned[name] = [family for family in families if family]
        return known

    def _idle(self) -> list[Any]:
        options = self.master.options
        unset = (addon for addon, option in _IDLE_WITHOUT.items() if option in options and not getattr(options, option))
        return [addon for addon in map(self.get, unset) if addon is not None]

    def trigger(self, event: hooks.Hook) -> None:
        """An option has changed."""
        self.concerned.clear()
        super().trigger(event)

    def register(self, addon: Any) -> Any:
        """There is one more addon."""
        self.concerned.clear()
        return super().register(addon)  # type: ignore[no-untyped-call]

    def remove(self, addon: Any) -> None:
        """There is one addon less."""
        self.concerned.clear()
        super().remove(addon)  # type: ignore[no-untyped-call]


def hasten(manager: AddonManager) -> None:
    """Let a manager remember whom events concern; one that is not mitmproxy's own, as of another version, stays."""
    if type(manager) is AddonManager:
        manager.__class__ = Dispatch
        manager.concerned = {}  # type: ignore[attr-defined]

"""The names of models as labels, of which there may only be so many; it does not know what is counted under them."""

from llmobs.event import Event

# A series for each name costs memory here and in whatever collects it. Names out of the price file are few and sure;
# others are what a client says, who may say anything.
PRICED = 100
UNPRICED = 30
LONGEST = 100
OTHER = "other"
UNKNOWN = "unknown"


class Models:
    """Gives each model its name as long as there is room, and `other` then; a priced one has room of its own."""

    def __init__(self, priced: int = PRICED, unpriced: int = UNPRICED) -> None:
        self._priced: dict[str, str] = {}
        self._unpriced: dict[str, str] = {}
        self._rooms = priced, unpriced

    def label(self, event: Event) -> str:
        """The name of the model as the reports say it."""
        if event.model is not None:
            return self._priced.get(event.model) or _enter(self._priced, event.model, self._rooms[0])
        name = event.response_model or event.request_model
        if name is None:
            return UNKNOWN
        return self._unpriced.get(name) or _enter(self._unpriced, name, self._rooms[1])


def _enter(known: dict[str, str], name: str, room: int) -> str:
    if len(known) >= room or len(name) > LONGEST:
        return OTHER
    # Half a surrogate pair can't be sent.
    return known.setdefault(name, name.encode("utf-8", "backslashreplace").decode())

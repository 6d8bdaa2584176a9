"""What is said between the web server and the process that makes its pages."""

import msgspec


class Order(msgspec.Struct, frozen=True):
    """A page that is wanted."""

    path: str
    query: str


class Reply(msgspec.Struct, frozen=True):
    """What comes before the page: its status, its length in bytes, how long it took, where to go instead."""

    status: int
    length: int
    seconds: float = 0.0
    location: str = ""

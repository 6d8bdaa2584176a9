"""What the proxy shows to browsers and to monitoring; it does not know how calls are metered."""

from llmobs.web.address import Address, AddressError
from llmobs.web.server import Routes, Server

__all__ = ["Address", "AddressError", "Routes", "Server"]

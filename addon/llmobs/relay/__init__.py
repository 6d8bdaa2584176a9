"""Calls that are tried more than once: what to try next, and the server in between; it does not know mitmproxy."""

"""Whose call it was, as told by our headers, W3C baggage and trace context, and the proxy user name.

It does not know HTTP libraries; a header's name comes in small letters. What cannot be read is not there, but named.
"""

from llmobs.attribution.readers import HEADER, of_baggage, of_headers, of_trace, split_baggage
from llmobs.attribution.said import COLUMNS, NOTHING, Attribution, merge
from llmobs.attribution.user import USER, of_user, real_user

__all__ = [
    "COLUMNS",
    "HEADER",
    "NOTHING",
    "USER",
    "Attribution",
    "merge",
    "of_baggage",
    "of_headers",
    "of_trace",
    "of_user",
    "real_user",
    "split_baggage",
]

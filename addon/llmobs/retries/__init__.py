"""Attempts of one call: what makes requests equal, and which of them belong together; it knows no prices."""

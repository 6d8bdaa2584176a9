"""The parts of reprice.py: a stored row as the call that it was, its costs anew, and what differs."""

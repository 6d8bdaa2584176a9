"""Parts of scripts/latency.py."""

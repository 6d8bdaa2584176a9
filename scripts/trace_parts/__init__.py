"""Parts of scripts/trace.py."""

"""Parts of scripts/workers.py."""

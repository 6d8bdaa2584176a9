"""Parts of scripts/top.py."""

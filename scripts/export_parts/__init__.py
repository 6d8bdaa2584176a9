"""Parts of scripts/export.py."""

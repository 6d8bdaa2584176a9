"""Parts of scripts/errors.py."""

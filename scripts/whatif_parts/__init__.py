"""Parts of scripts/whatif.py."""

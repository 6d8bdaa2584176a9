"""Parts of scripts/prompts.py."""

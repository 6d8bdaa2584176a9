"""Parts of scripts/experiments.py."""

"""Parts of scripts/forecast.py."""

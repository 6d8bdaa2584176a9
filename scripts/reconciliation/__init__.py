"""Parts of scripts/reconcile.py."""

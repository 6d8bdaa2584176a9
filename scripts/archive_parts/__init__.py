"""What archive.py is made of."""

"""The frame of every terminal script: what its command line can say, how it asks, and how it answers."""

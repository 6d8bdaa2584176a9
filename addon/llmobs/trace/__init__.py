"""A run as a tree of steps, and the words of its calls; every surface that shows one takes it from here."""

"""Rate limits as providers tell them: read from headers and bodies, and watched; it knows no limits of our own."""

"""Pages over the same queries as the terminal's reports, made in a process of their own; it knows no web server."""

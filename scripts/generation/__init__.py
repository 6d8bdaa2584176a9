"""A year of made-up traffic: who calls what and when, and the SQL that turns it into rows of the event table."""

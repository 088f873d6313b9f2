"""The search for the best candidate: its space, rows and objective."""

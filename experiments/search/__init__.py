"""The search for the best candidate: what is tried, on what rows, and how each try is judged."""

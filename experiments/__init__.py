"""Specs, models, metrics and intervals: what is tried and how it is judged. Imports `features` only, opens no files."""

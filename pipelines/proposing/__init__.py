"""Specs proposed from files: what each column holds, what it may be for, and the text of a spec that says so."""

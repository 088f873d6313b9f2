"""Specs proposed from data files: column profiles, roles and types, and the text of the spec with reasons."""

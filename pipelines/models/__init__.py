"""Stored models: portable folders of text, their file hashes and their provenance."""

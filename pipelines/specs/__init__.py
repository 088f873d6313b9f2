"""Specs: found, read, and checked before any data are read."""

"""Specs: found, read, held to what can be known before any data are read."""

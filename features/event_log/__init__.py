"""Mapping of an event log onto the canonical tables by short SQL expressions of a spec, run by DuckDB."""

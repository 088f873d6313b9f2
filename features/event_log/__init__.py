"""What turns any event log into the canonical tables: names and short SQL expressions from a spec, run by DuckDB."""

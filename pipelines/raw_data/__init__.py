"""Reading of raw files: versions, parts, encodings, CSV, Excel, PostgreSQL; guesses of an unknown file's format."""

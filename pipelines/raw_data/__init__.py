"""Raw files as they are read: versions, parts, encodings, CSV, Excel, PostgreSQL; what a file seems to be."""

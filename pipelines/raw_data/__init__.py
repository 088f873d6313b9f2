"""Raw data as files of any kind are read: versions, parts, encodings, CSV, Excel, PostgreSQL; guesses what a file is."""

"""Raw data as files of any kind are read: versions, encodings, CSV, Excel, PostgreSQL."""

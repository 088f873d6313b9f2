"""One file for each change of the tables, never edited once it is on `main`.

`python -m tests.pipelines.outreach.operations.kept_schemas` keeps a database of it, which the tests migrate ever after.
"""

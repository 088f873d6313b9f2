"""`backup` and `restore`: ledger, operations, studies, and MLflow with the files of versions, in one archive."""

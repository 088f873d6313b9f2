"""`forget`: a person is taken out of raw files, tables, matrix, lists and the operations database, with a receipt."""

"""The matrix of rows and features: built by DuckDB or Spark, with dates or without, and read again."""

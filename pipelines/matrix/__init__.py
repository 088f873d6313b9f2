"""The feature matrix: built with DuckDB or Spark, with or without dates, and read."""

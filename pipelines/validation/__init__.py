"""Whether data may be used: demands derived from the declarations, judged by Great Expectations."""

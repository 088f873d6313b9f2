"""Data validation: expectations derived from the declarations, checked by Great Expectations."""

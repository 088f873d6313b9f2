"""Makes it happen: the only code that touches disk, MLflow, DVC, Great Expectations and the clock."""

"""HTML pages of the evaluation and of decisions."""

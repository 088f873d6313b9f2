"""One file per model family, its search space beside it."""

"""The rows of a spec: arms, gaps, splits, slices, and how few are too few."""

"""Which rows of a spec are used for what: arms, lead time, splits, slices, and minimum sample sizes."""

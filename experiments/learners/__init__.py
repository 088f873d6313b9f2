"""One file per uplift learner."""

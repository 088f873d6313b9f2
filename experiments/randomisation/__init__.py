"""Whether actions were randomised: assignment probabilities from the log, and tests on the data."""

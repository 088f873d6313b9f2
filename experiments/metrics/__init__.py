"""One file per metric, of risk, of uplift or of money."""

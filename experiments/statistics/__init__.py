"""Statistics that know nothing of models: intervals, bootstrap, DeLong, Holm, calibration, alpha spent by looks."""

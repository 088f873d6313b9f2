"""Statistics independent of models: bootstrap intervals, DeLong, Holm, calibration, alpha spending."""

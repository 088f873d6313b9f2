"""Leakage detection: the check interface, and how well one column or all columns predict the outcome."""

"""Statements about customers that are true, false or unknown: their logic, and what a condition is."""

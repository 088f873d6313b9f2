"""Evaluation of a model on the gate cohort, and its comparison with other models."""

"""Stages, commands and everything with side effects: the only code that uses disk, MLflow, DVC and the clock."""

"""Servers that a project may use: their addresses, databases, MLflow, and what is said when one is gone."""

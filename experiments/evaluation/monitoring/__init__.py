"""Drift of data, predictions and realised figures: by how much, how far beyond chance, and what asks for retraining."""

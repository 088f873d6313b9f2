"""Drift of data, predictions and realised figures: what a month shows, how far beyond chance, and what asks for retraining."""

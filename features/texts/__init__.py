"""Texts that customers write: how they are normalised, cut into n-grams, and which script they are in."""

"""Prediction code by kind of model: one file per `Portable.kind`, which is copied into the scorers of that kind."""

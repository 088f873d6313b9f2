"""A simulated year through the code of real rounds: features, models and draws in a workspace of its own."""

"""Randomised assignment of a contact list (a round): control, explored actions, propensities and power."""

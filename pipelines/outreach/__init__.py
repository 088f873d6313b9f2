"""Warnings and rounds: whom to contact, why, and with what; and how the rules would have done in the past."""

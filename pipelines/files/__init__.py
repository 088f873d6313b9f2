"""Atomic file writes, and CSV files that are safe to open in a spreadsheet."""

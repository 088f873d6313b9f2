"""Processes: signals, locks, scratch folders, memory limits."""

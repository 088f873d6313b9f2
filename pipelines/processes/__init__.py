"""Processes and what they share: signals, locks, scratch folders, memory."""

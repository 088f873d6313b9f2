"""Playbooks: which segment of customers gets which action, in which order."""

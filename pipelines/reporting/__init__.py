"""The evaluation as a page for people."""

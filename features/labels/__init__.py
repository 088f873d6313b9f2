"""Kinds of labels, one file each."""

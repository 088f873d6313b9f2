"""Kinds of sources, one file each; a company's data need a spec only, no code."""

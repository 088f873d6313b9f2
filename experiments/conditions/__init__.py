"""Kinds of conditions that a rule of warning is made of, one file each, named like the key that begins it in YAML."""

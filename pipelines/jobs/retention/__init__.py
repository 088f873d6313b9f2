"""Retention figures of a spec, read from its tables, its champion and the operations database."""

"""Stored readers of texts: folders of text, with one file that reads them and imports libraries only."""

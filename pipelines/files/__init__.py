"""Files that are written whole or not at all, and tables that a spreadsheet may open."""

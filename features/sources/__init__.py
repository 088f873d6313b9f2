"""One file per kind of source; a company's data are a spec, never a new file."""

"""One file per feature theme; every `@feature` in it is found by itself."""

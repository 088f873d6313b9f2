"""One file per command that is no stage: what it is told on the command line, and what it does then."""

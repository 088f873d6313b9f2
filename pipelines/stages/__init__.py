"""One file per stage; its first line is what `--help` says of it."""

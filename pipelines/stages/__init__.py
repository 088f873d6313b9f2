"""The stages of a run, one file each; the first line of each is its `--help`."""

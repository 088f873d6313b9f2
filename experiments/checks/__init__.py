"""One file per leak check, discovered automatically."""

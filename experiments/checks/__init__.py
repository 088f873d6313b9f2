"""One file per leak check; each is found by looking here."""

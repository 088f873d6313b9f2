"""What a leak check is, and how well single columns, or all of them, predict the outcome."""

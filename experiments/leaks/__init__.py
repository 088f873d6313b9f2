"""What a leak check is, and what one column, or all columns, tell of the outcome."""

"""What we try and how we judge it: specs, models, metrics, intervals. Pure: it may import `features` only."""

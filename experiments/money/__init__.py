"""What contacting customers earns: values, costs, limits, and the simple policies to beat."""

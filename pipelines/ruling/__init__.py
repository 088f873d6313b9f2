"""What a rule of the gate is, what it is shown, and how a decision can end."""

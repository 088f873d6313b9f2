"""The operations database: rounds with everybody's drawn action and its probabilities, and warnings."""

"""External servers: addresses, databases, MLflow, and messages when one is unavailable."""

"""Training inputs: encoded and split rows, leak checks, the randomisation test, Optuna's studies."""

"""What is learnt from: the rows, encoded and divided, leak checks, the examined lottery, Optuna's studies."""

"""The champion of each spec: the ledger of decisions, its lease, MLflow's model versions and alias."""

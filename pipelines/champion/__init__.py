"""Who is champion, since when and why: the ledger, its lease, MLflow's versions and alias."""

"""Rule-based churn warnings: the rule file, when a rule fires, its episodes, and backtests on past dates."""

"""The promotion gate: challenger against champion, alpha spending, the decision and its page."""

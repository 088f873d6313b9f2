"""Warnings by rule: the file of rules, when a rule is true, its episodes, and how it would have done on past dates."""

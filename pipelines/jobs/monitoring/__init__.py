"""`monitor`: the month's data and matured outcomes beside what the champion learned from and was promised to do."""

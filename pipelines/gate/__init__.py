"""Challenger against champion: the contest, its looks at the same customers, the decision and its page."""

"""Effects of actions: what a learner is, its nuisances, and the curves that judge a ranking by effect."""

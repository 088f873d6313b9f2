"""Effects of actions: uplift learners, their nuisance models, and the curves that judge a ranking by effect."""

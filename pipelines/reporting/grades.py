"""How well a model ranks, in words."""

# What an AUC of at least so much is called (after Hosmer and Lemeshow, Applied Logistic Regression, 2000, chapter 5).
GRADES = ((0.9, "very well"), (0.8, "well"), (0.7, "fairly well"), (0.6, "weakly"), (0.5, "hardly"))
GOOD_FROM = 0.7


def grade(auc: float) -> str:
    """The word for an AUC; at 0.5 and below nothing is ranked."""
    return next((word for least, word in GRADES if auc >= least), "not at all")

"""Words for how well a model ranks, by its AUC."""

# Words for an AUC of at least so much, after Hosmer and Lemeshow (Applied Logistic Regression, 2000, chapter 5).
GRADES = ((0.9, "very well"), (0.8, "well"), (0.7, "fairly well"), (0.6, "weakly"), (0.5, "hardly"))
GOOD_FROM = 0.7


def grade(auc: float) -> str:
    """The word for an AUC; "not at all" below 0.5."""
    return next((word for least, word in GRADES if auc >= least), "not at all")

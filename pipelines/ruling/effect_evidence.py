"""What data can show about effects of actions: nothing, associations or effects, as tags and ledger entries say it."""

NOT_MEASURED = "not measured"
OBSERVATIONAL = "observational"
RANDOMISED = "randomised"

# What versions and ledger entries of before say.
_FORMER = {"by lot": RANDOMISED}


def current(word: str) -> str:
    """The word in use today for one that a tag, a report or a ledger entry has."""
    return _FORMER.get(word, word)

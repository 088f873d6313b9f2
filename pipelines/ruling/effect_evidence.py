"""What data can show about effects of actions: nothing, associations or effects, as tags and ledger entries say it."""

from typing import Final

NOT_MEASURED: Final = "not measured"
OBSERVATIONAL: Final = "observational"
RANDOMISED: Final = "randomised"

# The words in older tags and ledger entries.
_FORMER = {"by lot": RANDOMISED}


def current(word: str) -> str:
    """Today's word for the word in a tag or a ledger entry, which may be an older one."""
    return _FORMER.get(word, word)

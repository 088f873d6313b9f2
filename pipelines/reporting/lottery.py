"""How the lottery of a trial was checked, in words: what is known of customers must not tell who got which action."""

from collections.abc import Mapping
from typing import Any

from experiments.randomisation.examination import ALPHA_SIZES
from pipelines.messages.numbers import NO_BREAK, whole

Found = Mapping[str, Any]


def lottery(found: Found) -> str:
    """What a trial that was found to be randomised showed when it was asked."""
    told = found["uplift"]["randomisation"]
    if "predictability" not in told:  # a report of before it was kept
        return f"{told['words']}."
    guessed = ", ".join(f"{action} {100 * auc:.0f}" for action, auc in told["predictability"].items())
    return (
        "From what is known of the customers, one with an action and one without are told apart about as often as by "
        f"guessing, 50 times in 100: {guessed}. {_apart(told)}The groups came out nearly as large as the lottery meant "
        f"them to be: chance alone would miss by as much {_as_often(told['sample_ratio_p'])}, and less than "
        f"{whole(ALPHA_SIZES)} would speak against it."
    )


def _apart(told: Found) -> str:
    name = told["largest_difference_in"]
    if not name:
        return ""
    column = name.removesuffix(" missing").replace("_", " ")
    what = f"in how often \u201c{column}\u201d is missing" if name.endswith(" missing") else f"in \u201c{column}\u201d"
    return (
        f"The largest difference between their groups is {abs(told['largest_difference']):.2g} standard deviations, "
        f"{what}. "
    )


def _as_often(p: float) -> str:
    return f"in {100 * p:.2g}{NO_BREAK}% of lotteries"

"""How the lottery of a trial was checked, in words: what is known of customers must not tell who got which action."""

from collections.abc import Mapping
from typing import Any

from experiments.randomisation.examination import ALPHA_SIZES
from pipelines.messages.numbers import NO_BREAK, count, whole

Found = Mapping[str, Any]


def lottery(found: Found) -> str:
    """What a trial that was found to be randomised showed when it was asked."""
    told = found["uplift"]["randomisation"]
    if not _is_kept(told):
        return f"{told['words']}."
    guessed = ", ".join(f"{action} {100 * auc:.0f}" for action, auc in told["predictability"].items())
    return (
        "From what is known of the customers, one with an action and one without are told apart about as often as by "
        f"guessing, 50 times in 100: {guessed}. {_apart(found)}The groups came out about as large as the lottery meant "
        "them to be: chance alone would miss by as much in "
        f"{100 * told['sample_ratio_p']:.2g}{NO_BREAK}% of lotteries, and less than {whole(ALPHA_SIZES)} would speak "
        "against it."
    )


def against(found: Found) -> str:
    """What speaks against a lottery in data that were found not to be of one."""
    told = found["uplift"]["randomisation"]
    if not _is_kept(told):
        return f"The check of the data says \u201c{told['verdict']}\u201d: {told['words']}."
    if told["verdict"] == "sample ratio mismatch":
        meant = told["expected"]
        sizes = "; ".join(f"{name} {count(n)}, meant {count(meant[name])}" for name, n in told["observed"].items())
        return f"The groups did not come out as large as a lottery with the logged chances would make them: {sizes}."
    action, auc = max(told["predictability"].items(), key=lambda one: abs(one[1] - 0.5))
    return (
        f"The groups differ by more than a lottery explains. {_apart(found)}By what is known of them, a customer with "
        f"{action} and one without are told apart {100 * auc:.0f} times in 100, where guessing comes to 50."
    )


def _is_kept(told: Found) -> bool:
    """Whether the report has the figures of the check; one of before they were kept has its words only."""
    return {"predictability", "largest_difference", "sample_ratio_p", "observed", "expected"} <= told.keys()


def _apart(found: Found) -> str:
    """The largest difference between two groups, and in what, in a sentence; "" where nothing was compared."""
    told, meanings = found["uplift"]["randomisation"], {one["name"]: one["meaning"] for one in found["importance"]}
    name = told["largest_difference_in"]
    if not name:
        return ""
    column = name.removesuffix(" missing")
    column = meanings.get(column, column.replace("_", " "))
    what = f"in how often \u201c{column}\u201d is missing" if name.endswith(" missing") else f"in \u201c{column}\u201d"
    size = f"{abs(told['largest_difference']):.2g}"
    return f"The largest difference between them is {size} standard deviations, {what}. "

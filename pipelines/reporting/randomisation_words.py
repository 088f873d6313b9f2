"""The test of randomisation in words: under randomisation, columns cannot predict who got which action."""

from collections.abc import Mapping
from typing import Any

from experiments.randomisation.examination import ALPHA_SIZES
from pipelines.messages.numbers import NO_BREAK, count, whole

Found = Mapping[str, Any]


def supported(found: Found) -> str:
    """The results of the test for a trial that passed it."""
    told = found["uplift"]["randomisation"]
    if not _is_kept(told):
        return f"{told['words']}."
    guessed = ", ".join(f"{action} {100 * auc:.0f}" for action, auc in told["predictability"].items())
    as_far = float(f"{100 * told['sample_ratio_p']:.2g}")
    known = (
        "From what was known of the customers beforehand, a model tells which of two got an action no more often than "
        f"chance explains: in 100 times, {guessed}; guessing is right 50 times. "
    )
    return (
        "Were the groups really drawn by chance? As far as can be seen, yes. "
        f"{known if guessed else ''}{_apart(found)}Fair draws are at least as far off the planned sizes "
        f"of the groups in {as_far:g}{NO_BREAK}% of randomised trials; below {whole(ALPHA_SIZES)} would raise doubt."
    )


def against(found: Found) -> str:
    """The evidence against randomisation, for a trial that failed the test."""
    told = found["uplift"]["randomisation"]
    if not _is_kept(told):
        return f"The test of randomisation says \u201c{told['verdict']}\u201d: {told['words']}."
    if told["verdict"] == "sample ratio mismatch":
        meant = told["expected"]
        sizes = "; ".join(f"{name} {count(n)}, expected {count(meant[name])}" for name, n in told["observed"].items())
        return f"The groups do not have the sizes that the logged probabilities imply: {sizes}."
    action, auc = max(told["predictability"].items(), key=lambda one: abs(one[1] - 0.5))
    return (
        f"The groups differ by more than chance explains under randomisation. {_apart(found)}From what is known of the "
        f"customers, a model identifies which of two had {action} {100 * auc:.0f} times in 100; guessing does 50."
    )


def _is_kept(told: Found) -> bool:
    """Whether the report has the figures of the test; older reports have its sentence only."""
    return {"predictability", "largest_difference", "sample_ratio_p", "observed", "expected"} <= told.keys()


def _apart(found: Found) -> str:
    """A sentence on the largest difference between two groups; "" where no column was compared."""
    told, meanings = found["uplift"]["randomisation"], {one["name"]: one["meaning"] for one in found["importance"]}
    name = told["largest_difference_in"]
    if not name:
        return ""
    column = name.removesuffix(" missing")
    column = meanings.get(column, column.replace("_", " "))
    what = f"in how often \u201c{column}\u201d is missing" if name.endswith(" missing") else f"in \u201c{column}\u201d"
    size = f"{abs(told['largest_difference']):.2g}"
    return f"The largest difference between the groups is {size} standard deviations, {what}. "

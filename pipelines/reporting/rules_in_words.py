"""Rules in plain words: a name beside each code, and reasons without variable names."""

import re

from experiments import metrics
from experiments.metric import Metric
from features.plugins import discover
from pipelines.messages.numbers import MINUS, titled

# Names of joined words, but not keys of a spec such as gate.beat_floors.
_JOINED = re.compile(r"(?<![\w.])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?![\w.])")
# An interval in square brackets; a zero with a sign; a minus before a number.
_BOUNDS = re.compile(r"\[([-+]?\d[\d.,]*), ([-+]?\d[\d.,]*)\]")
_NOTHING = re.compile(r"(?<![\w.])[-+](0\.0+)(?!\d)")
_BELOW = re.compile(r"(?<![\w.)\]])-(?=\d)")
# What a rule demands, in a few words; a user's own rule is shown by its code alone.
NAMES = {
    "R001": "ranks as well",
    "R002": "probabilities as accurate",
    "R003": "calibrated as well",
    "R004": "no slice worse",
    "R005": "better in the primary figure",
    "R006": "policy value kept",
    "R007": "enough outcomes",
    "R008": "customers unseen by both models",
    "R009": "the model is what was evaluated",
    "R010": "better than the average",
    "R011": "its percentages hold",
    "R012": "nothing shown to be worse",
    "R013": "no slow decline",
    "R014": "better than simple scores",
}
FIGURES = {"brier": "Brier score", "policy_value": "policy value"}


def called(code: str) -> str:
    """A rule by its code and name: `R004 (no slice worse)`."""
    return f"{code} ({NAMES[code]})" if code in NAMES else code


def in_words(reason: str) -> str:
    """A reason as the page shows it: `auc` is `AUC`, `tenure_band` is `tenure band`, and [-1, +2] is (−1 to 2)."""
    names = sorted(discover(metrics, Metric), key=len, reverse=True)
    named = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, [*names, 'policy_value']))})(?=_|\b)(?!\.)")
    told = named.sub(lambda found: FIGURES.get(found[1], titled(found[1])), reason)
    told = _JOINED.sub(lambda found: found[0].replace("_", " "), told)
    return _BELOW.sub(MINUS, _NOTHING.sub(r"\1", _BOUNDS.sub(_between, told)))


def _between(found: re.Match[str]) -> str:
    return f"({found[1].removeprefix('+')} to {found[2].removeprefix('+')})"

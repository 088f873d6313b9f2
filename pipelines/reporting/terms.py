"""The glossary of the pages: terms, each explained in a sentence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.ruling.effect_evidence import RANDOMISED

Found = Mapping[str, Any]


@dataclass(frozen=True)
class GlossaryTerm:
    """A term, its explanation in a sentence or two, and other spellings of it; chinese are both on a bilingual page."""

    name: str
    meaning: str
    also: tuple[str, ...] = ()
    chinese: tuple[str, str] = ("", "")

    @property
    def key(self) -> str:
        """The HTML id of its entry in the glossary."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def of_report(found: Found, *, effect_evidence: str) -> list[GlossaryTerm]:
    """The glossary of a report; effect_evidence is a word of `pipelines.ruling.effect_evidence`."""
    spec = found["spec"]
    bad, good = spec["label"]["bad"], spec["label"]["good"]
    terms = [*_of_figures(bad, good), *_of_ranking(bad), *_of_money(), *_of_findings()]
    if spec["label"]["horizon_days"]:
        terms += _of_dates()
    if found["uplift"]["measured"]:
        terms += _of_actions(good, lead_time=bool(spec["label"]["lead_time_days"]))
    return sorted(terms + (_of_effects() if effect_evidence == RANDOMISED else []), key=lambda one: one.name.lower())


def of_decision(spec: Found, *, with_actions: bool) -> list[GlossaryTerm]:
    """The glossary of a decision; with_actions says whether it shows figures of actions."""
    label = spec["label"]
    terms = [*_of_figures(label["bad"], label["good"]), *_of_gate()]
    terms += [one for one in _of_findings() if one.name in ("Gate cohort", "Held at once")]
    effects = [one for one in _of_effects() if one.name in ("QINI", "Policy value")] if with_actions else []
    return sorted(terms + effects, key=lambda one: one.name.lower())


def _of_figures(bad: str, good: str) -> list[GlossaryTerm]:
    return [
        GlossaryTerm(
            "95 % interval",
            "Were other customers of the same kind judged, the figure would be a little different. Of a hundred such "
            "intervals, about 95 hold the true figure.",
            ("95 % confidence",),
        ),
        GlossaryTerm(
            "AUC",
            f"How well customers are ranked: of one customer who {bad} and one who {good}, how often the first has "
            "the higher risk. 0.5 is guessing, 1 is perfect.",
        ),
        GlossaryTerm(
            "Brier score",
            "The mean squared difference between predicted probabilities and outcomes; smaller is better.",
            ("Brier",),
        ),
        GlossaryTerm(
            "Calibration",
            f"Whether predicted probabilities hold: of customers given 30 %, about 30 in 100 really {bad}.",
            ("calibration",),
        ),
        GlossaryTerm(
            "Calibration error",
            "The gap between predicted and observed shares, averaged over ten groups, including what chance adds.",
        ),
        GlossaryTerm(
            "Miscalibration",
            "The gap between predicted and observed shares in ten groups, squared and averaged, less what chance adds.",
            ("miscalibration",),
        ),
        GlossaryTerm("Slice", "A part of the customers, such as those on one plan.", ("slice", "slices")),
        GlossaryTerm(
            "Simple score",
            "A ranking of customers that needs no model, such as the days since the last purchase.",
            ("simple score", "simple scores"),
        ),
    ]


def _of_ranking(bad: str) -> list[GlossaryTerm]:
    return [
        GlossaryTerm(
            "Average precision",
            f"The share who {bad} among those flagged, averaged over all cut-offs that find one more of them.",
        ),
        GlossaryTerm(
            "Log loss",
            "How far predicted probabilities are from the outcomes; confident errors count most. Smaller is better; "
            "compare it with the baseline.",
        ),
        GlossaryTerm(
            "Calibration slope and intercept",
            "The correction that predicted probabilities would need: none at slope 1 and intercept 0.",
            ("Calibration slope", "Calibration intercept"),
        ),
        GlossaryTerm("Baseline", "The figure of a model that predicts the average for everybody.", ("baseline",)),
        GlossaryTerm("Lift", f"How many times more customers who {bad} the top of the list has than a random sample."),
        GlossaryTerm("Recall", f"The share found of all who {bad}.", ("recall",)),
        GlossaryTerm("Precision", f"The share who {bad} of all who are flagged.", ("precision",)),
        GlossaryTerm("Cut-off", "The risk above which a customer is flagged.", ("cut-off", "cut-offs")),
    ]


def _of_money() -> list[GlossaryTerm]:
    return [
        GlossaryTerm(
            "Expected profit",
            "What the best campaign with this ranking would earn per customer in the standard campaign that the spec "
            "assumes, where the share who accept is uncertain (EMPC). For comparing models, not for budgeting.",
        ),
        GlossaryTerm(
            "Maximum profit",
            "The same as the expected profit where the share who accept is exactly the average (MPC).",
        ),
        GlossaryTerm("Spec", "The file that declares the data, the outcome and the limits of a model.", ("spec",)),
    ]


def _of_findings() -> list[GlossaryTerm]:
    return [
        GlossaryTerm(
            "False discovery",
            "Of many factors tested, some are associated with the outcome by chance. Controlled at 5 %, on average at "
            "most 5 in 100 of those called established are such (Benjamini and Hochberg).",
            ("false discovery",),
        ),
        GlossaryTerm(
            "Gate cohort",
            "The held-out customers on whom models are judged; no model was trained on them.",
            ("gate cohort",),
        ),
        GlossaryTerm(
            "Standard deviation",
            "How far customers typically are from the average of a factor; it makes factors of different units "
            "comparable.",
            ("standard deviations", "standard deviation"),
        ),
        GlossaryTerm(
            "Held at once",
            "Each interval is wider, the more of them there are, so that with 95 % confidence all of them contain "
            "their true figures (simultaneous intervals, Bonferroni).",
            ("hold at once", "holds at once"),
        ),
    ]


def _of_dates() -> list[GlossaryTerm]:
    return [
        GlossaryTerm("Look-back", "How far back from the date of the estimate events are used.", ("look-back",)),
        GlossaryTerm("Lead time", "The days from the estimate to the window that counts.", ("lead time",)),
        GlossaryTerm("Horizon", "The length of the window in which leaving counts.", ("horizon",)),
        GlossaryTerm("Mature", "A date is mature when the window that counts lies wholly in the data.", ("mature",)),
    ]


def _of_actions(good: str, *, lead_time: bool) -> list[GlossaryTerm]:
    ahead = ", lead time included" if lead_time else ""
    return [
        GlossaryTerm("Uplift", f"How much an action changes a customer's chance of the good outcome ({good}){ahead}."),
        GlossaryTerm(
            "ATE",
            "The average effect of an action if everybody gets it, among the customers judged, adjusted for "
            "differences in their columns.",
        ),
        GlossaryTerm(
            "Point", "The unit of a difference between two shares: from 10 % to 12 % is 2 points.", ("points",)
        ),
        GlossaryTerm(
            "Randomised trial",
            "Chance decided who got which action, so a later difference between the groups is the action's effect.",
            ("randomised trial",),
        ),
    ]


def _of_effects() -> list[GlossaryTerm]:
    return [
        GlossaryTerm(
            "QINI",
            "What choosing customers by predicted effect adds over choosing at random, averaged over all budgets; at "
            "0 the ranking is worth nothing.",
        ),
        GlossaryTerm("AUTOC", "The same as the QINI, with most weight on the very top of the ranking."),
        GlossaryTerm("Gain curve", "How many more good outcomes there are when this share of customers is contacted."),
        GlossaryTerm(
            "Policy value",
            "What following the model's advice earns per customer on average: the value of the outcomes it adds, less "
            "the cost of the contacts.",
            ("policy value",),
        ),
        GlossaryTerm(
            "Break-even cost",
            "The cost of a contact at which an action, given to those with the highest predicted value, neither earns "
            "nor loses.",
        ),
        GlossaryTerm(
            "Held together",
            "The more statements are tested, the likelier one looks true by luck. So those about actions on this page "
            "are one family and have to pass a stricter test (Holm's correction): the chance that even one of them is "
            "wrong stays at 5 %.",
            ("held together",),
        ),
    ]


def _of_gate() -> list[GlossaryTerm]:
    return [
        GlossaryTerm("Challenger", "The new model, which may replace the champion.", ("challenger",)),
        GlossaryTerm("Champion", "The model in use: it makes the list of customers to contact.", ("champion",)),
        GlossaryTerm(
            "Average-only model",
            "A model that gives every customer the same average risk, and contacts nobody (prior model).",
            ("average-only model",),
        ),
        GlossaryTerm("Margin", "How much worse a figure may be without counting against the challenger.", ("margin",)),
        GlossaryTerm(
            "Alpha",
            "The allowed probability of promoting a challenger that is not better. Each comparison on the same "
            "customers spends a part of it.",
            ("alpha",),
        ),
        GlossaryTerm("Primary figure", "The figure on which a challenger has to be better.", ("primary figure",)),
        GlossaryTerm("Power", "How often a true difference of this size would be found.", ("power",)),
        GlossaryTerm(
            "p value", "How often chance alone would give at least as much evidence against the challenger.", ("p",)
        ),
        GlossaryTerm(
            "Holm's procedure",
            "A correction for judging many figures at once: it demands more of each, the more there are, so that the "
            "chance of even one false alarm stays below the level stated.",
            ("Holm",),
        ),
        GlossaryTerm("Ledger", "The record of every decision, each entry secured by a hash.", ("ledger",)),
        GlossaryTerm(
            "Rarer outcome",
            "Of leaving and staying, the one that fewer customers did; their number limits the precision.",
            ("rarer outcome",),
        ),
    ]

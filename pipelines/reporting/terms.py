"""The words that the pages explain, each in a sentence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Term:
    """A word, what it means in a sentence or two, and how else it is written; key is its place on the page."""

    name: str
    meaning: str
    also: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name of its place in the glossary."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def of_report(found: Found, *, standing: str) -> list[Term]:
    """The glossary of a report; standing is what may be said of actions."""
    spec = found["spec"]
    bad, good = spec["label"]["bad"], spec["label"]["good"]
    terms = [*_of_figures(bad, good), *_of_ranking(bad), *_of_money(), *_of_findings()]
    if spec["label"]["horizon_days"]:
        terms += _of_dates()
    if found["uplift"]["measured"]:
        terms += _of_actions(good, lead_time=bool(spec["label"]["lead_time_days"]))
    return sorted(terms + (_of_effects() if standing == "by lot" else []), key=lambda one: one.name.lower())


def of_decision(spec: Found, *, with_actions: bool) -> list[Term]:
    """The glossary of a decision; with_actions: whether it shows figures of actions."""
    label = spec["label"]
    terms = [*_of_figures(label["bad"], label["good"]), *_of_gate()]
    terms += [one for one in _of_findings() if one.name in ("Gate cohort", "Held at once")]
    effects = [one for one in _of_effects() if one.name in ("QINI", "Policy value")] if with_actions else []
    return sorted(terms + effects, key=lambda one: one.name.lower())


def _of_figures(bad: str, good: str) -> list[Term]:
    return [
        Term(
            "95 % interval",
            "Were other customers of the same kind judged, the figure would be a little different. Of a hundred such "
            "intervals, about 95 hold the true figure.",
            ("95 % confidence",),
        ),
        Term(
            "AUC",
            f"How well customers are ranked: of one customer who {bad} and one who {good}, how often the first has "
            "the higher risk. 0.5 is guessing, 1 is perfect.",
        ),
        Term(
            "Brier score",
            "How far the promised chances lie from what happened, squared and averaged; smaller is better.",
            ("Brier",),
        ),
        Term(
            "Calibration",
            f"Whether the chances hold: of the customers with a promised chance of 30 %, about 30 in 100 really {bad}.",
            ("calibration",),
        ),
        Term(
            "Calibration error",
            "How far promised and observed shares lie apart, averaged over ten groups of customers.",
        ),
        Term(
            "Miscalibration",
            "The gap between promised and observed shares in ten groups, squared and averaged, less what chance makes "
            "of it.",
            ("miscalibration",),
        ),
        Term("Slice", "A part of the customers, such as those on one plan.", ("slice", "slices")),
        Term(
            "Simple score",
            "An order of customers that needs no model, such as the days since somebody last bought.",
            ("simple score", "simple scores"),
        ),
    ]


def _of_ranking(bad: str) -> list[Term]:
    return [
        Term(
            "Average precision",
            f"The share who {bad} among those flagged, averaged over all cut-offs that find one more of them.",
        ),
        Term(
            "Log loss",
            "How far the promised chances lie from what happened; a sure promise that fails counts most. Smaller is "
            "better, and the floor tells what small is.",
        ),
        Term(
            "Calibration slope and intercept",
            "How to bend the promised chances to make them hold: 1 and 0 are right as they are.",
            ("Calibration slope", "Calibration intercept"),
        ),
        Term("Floor", "What a model comes to that gives everybody the average.", ("floor",)),
        Term("Lift", f"How many times more customers who {bad} the top of the list holds than a random draw as large."),
        Term("Recall", f"The share found of all who {bad}.", ("recall",)),
        Term("Precision", f"The share who {bad} of all who are flagged.", ("precision",)),
        Term("Cut-off", "The risk above which a customer is flagged.", ("cut-off", "cut-offs")),
    ]


def _of_money() -> list[Term]:
    return [
        Term(
            "Expected profit",
            "What the best campaign by this order of customers would earn per customer, by the figures that the spec "
            "gives for its cost and success (EMPC). For comparing models, not for budgeting.",
        ),
        Term(
            "Maximum profit",
            "The same as the expected profit if the share who take the offer is known exactly (MPC).",
        ),
        Term("Spec", "The file that says which data, which outcome and which limits a model is made with.", ("spec",)),
    ]


def _of_findings() -> list[Term]:
    return [
        Term(
            "False discovery",
            "Of many factors tried, some seem to go with the outcome by chance. Controlled at 5 %, on average at most "
            "5 in 100 of those called established are such (Benjamini and Hochberg).",
            ("false discovery",),
        ),
        Term(
            "Gate cohort",
            "The customers kept aside to judge models; no model has learned from them.",
            ("gate cohort",),
        ),
        Term(
            "Standard deviation",
            "How far customers typically lie from the average in a factor: a yardstick by which factors of different "
            "units are compared.",
            ("standard deviations", "standard deviation"),
        ),
        Term(
            "Held at once",
            "Each interval is made wider, the more of them there are, so that with 95 % confidence all of them hold "
            "the true figure together (Bonferroni).",
            ("hold at once", "holds at once"),
        ),
    ]


def _of_dates() -> list[Term]:
    return [
        Term(
            "Look-back",
            "How far back from the estimate events are looked at.",
            ("look-back",),
        ),
        Term("Lead time", "The days between the estimate and the start of the window that counts.", ("lead time",)),
        Term("Horizon", "The length of the window in which leaving counts.", ("horizon",)),
        Term("Mature", "A date is mature when the window that counts lies wholly in the data.", ("mature",)),
    ]


def _of_actions(good: str, *, lead_time: bool) -> list[Term]:
    ahead = ", lead time included" if lead_time else ""
    return [
        Term("Uplift", f"How much an action changes a customer's chance of the good outcome ({good}){ahead}."),
        Term(
            "ATE",
            "The average effect of an action if everybody gets it, among the customers judged, corrected for "
            "differences that the data show.",
        ),
        Term("Point", "The unit of a difference between two shares: from 10 % to 12 % is 2 points.", ("points",)),
        Term(
            "Randomised trial",
            "Chance decided who got which action, so a later difference between the groups is what the action did.",
            ("randomised trial",),
        ),
    ]


def _of_effects() -> list[Term]:
    return [
        Term(
            "QINI",
            "What choosing customers by predicted effect adds over choosing at random, averaged over all budgets; 0 "
            "means that the order is worth nothing.",
        ),
        Term("AUTOC", "The same as the QINI, with most weight on the very top of the order."),
        Term("Gain curve", "How many more good outcomes there are when this share of customers is contacted."),
        Term(
            "Policy value",
            "What following the model's advice earns per customer on average: the worth of the outcomes it adds, less "
            "the cost of the contacts.",
            ("policy value",),
        ),
        Term(
            "Break-even cost",
            "The cost of a contact at which an action, given to those for whom it promises most, neither earns nor "
            "loses.",
        ),
        Term(
            "Held together",
            "Of many figures that chance alone decides, one in twenty looks like an effect. So the words on actions on "
            "this page are one family: Holm's procedure asks more of each, the more there are, and the chance that "
            "even one of them is wrong stays at 5 %.",
            ("held together",),
        ),
    ]


def _of_gate() -> list[Term]:
    return [
        Term("Challenger", "The model that wants to serve.", ("challenger",)),
        Term("Champion", "The model that serves: the list of customers to contact is made with it.", ("champion",)),
        Term("Prior model", "A model that gives everybody the average chance.", ("prior model",)),
        Term("Margin", "How much worse a figure may be without counting against the challenger.", ("margin",)),
        Term(
            "Alpha",
            "The chance that is allowed of taking a challenger that is not better. Each comparison on the same "
            "customers spends a part of it.",
            ("alpha",),
        ),
        Term("Primary figure", "The figure on which a challenger has to be better.", ("primary figure",)),
        Term("Power", "How often a true difference of this size would be found.", ("power",)),
        Term("p value", "How often chance alone would show at least as much against the challenger.", ("p",)),
        Term(
            "Holm's procedure",
            "A way to judge many figures at once: it asks more of each, the more there are, so that the chance of even "
            "one false alarm stays as small as said.",
            ("Holm",),
        ),
        Term("Ledger", "The record of every decision, each entry sealed by a hash.", ("ledger",)),
        Term(
            "Rarer outcome",
            "Whichever of leaving and staying fewer customers did: their number limits what can be told.",
            ("rarer outcome",),
        ),
    ]

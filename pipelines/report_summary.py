"""The first screen: what is predicted, and the plain answers to the questions that a manager asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from pipelines import report_effects as effects
from pipelines.report_effects import Verdict
from pipelines.report_numbers import GAP, PERCENT, PLAIN, TIMES, Side, alone, share, side, whole, written

Found = Mapping[str, Any]

_RISK_WORDS: dict[Side, str] = {"above": "Yes", "below": "No", "either": "Not shown"}


@dataclass(frozen=True)
class Answer:
    """A question, the figures that answer it, further ones to compare with, and what they mean."""

    question: str
    verdicts: list[Verdict]
    meaning: str
    further: tuple[Verdict, ...] = ()


@dataclass(frozen=True)
class Shares:
    """The shares that the first paragraph speaks of, as text."""

    contacted: str
    of_contacted: str
    of_all: str
    found: str
    times: str
    promised: str
    observed: str
    observed_range: str


def shares(found: Found) -> Shares:
    """Those of the top of the list, and of the group of customers whose promised chance is nearest the average."""
    risk, rows = found["risk"], found["cohort"]["untreated_rows"]
    base = found["cohort"]["churned_share"]
    group = min(found["curves"]["calibration"], key=lambda one: (abs(one["predicted"] - base), one["predicted"]))
    error = sqrt(group["observed"] * (1 - group["observed"]) / group["n_rows"])
    observed = written({**group, "value": group["observed"], "standard_error": error}, PERCENT)
    return Shares(
        contacted=whole(found["spec"]["evaluation"]["contact_share"]),
        of_contacted=alone(base * risk["lift"]["value"], PERCENT, standard_error=base * risk["lift"]["standard_error"]),
        of_all=share(base, rows),
        found=str(written(risk["recall"], PERCENT)),
        times=str(written(risk["lift"], TIMES)),
        promised=alone(group["predicted"], PERCENT, standard_error=error),
        observed=str(observed),
        observed_range=observed.range,
    )


def answers(found: Found) -> list[Answer]:
    """The questions of the first screen, those on actions only where the data can speak of them."""
    of_risk = [_finds(found), _ranks(found), _promises(found)]
    return [*of_risk, *([_helps(found), _whom(found), _earns(found)] if found["uplift"]["measured"] else [])]


def _finds(found: Found) -> Answer:
    said, bad = shares(found), found["spec"]["label"]["bad"]
    return Answer(
        f"Does it find customers who {bad}?",
        [_of_risk(found, "lift", "the top of the list, against chance", 1.0)],
        f"Of the {said.contacted} with the highest risk {said.of_contacted} {bad}, of all {said.of_all}. "
        f"The list finds {said.found} of all who {bad}.",
    )


def _ranks(found: Found) -> Answer:
    label, auc = found["spec"]["label"], found["risk"]["auc"]
    return Answer(
        "Does it put customers in the right order?",
        [_of_risk(found, "auc", "AUC", 0.5)],
        f"Of one customer who {label['bad']} and one who {label['good']}, the first has the higher risk "
        f"{100 * auc['value']:.0f} times in 100. Guessing: 50.",
    )


def _promises(found: Found) -> Answer:
    said, error = shares(found), found["risk"]["calibration_error"]
    limit = found["spec"]["gate"]["calibration_limit"]
    holds = error["value"] < limit
    verdict = Verdict(
        "average gap of promised and observed",
        "Yes" if holds else "No",
        "good" if holds else "bad",
        written(error, GAP),
    )
    return Answer(
        "Do its percentages hold?",
        [verdict],
        f"When it says {said.promised}, {said.observed} {found['spec']['label']['bad']} ({said.observed_range}). "
        f"The average gap may be {alone(limit, GAP, standard_error=0.01)} at most.",
    )


def _helps(found: Found) -> Answer:
    good = found["spec"]["label"]["good"]
    by_lot = effects.standing(found) == "by lot"
    return Answer(
        "Does an action help?" if by_lot else "What goes with an action?",
        effects.effects(found),
        f"How many more of 100 customers {good}, if all get it. It was handed out by lot, so this is its effect."
        if by_lot
        else f"How many more of 100 customers {good} with it than without, other things known being equal.",
    )


def _whom(found: Found) -> Answer:
    good = found["spec"]["label"]["good"]
    return Answer(
        "Does it know whom an action helps?",
        effects.rankings(found),
        f"How many more of 100 customers {good} when those with the highest predicted effect are chosen first and not "
        "at random (QINI, the average over all budgets).",
    )


def _earns(found: Found) -> Answer:
    _nobody, *others = effects.hardest(found)
    words: dict[Side, str] = {"above": "Pays", "below": "Loses", "either": effects.NOT_ESTABLISHED}
    verdict = effects.on_policy(found, "per customer, against nobody", words)
    return Answer("What does its advice earn?", [verdict], f"{effects.advice(found)}.", tuple(others))


def _of_risk(found: Found, name: str, of: str, chance: float) -> Verdict:
    figure = found["risk"][name]
    where = side(figure, chance)
    number = written(figure, TIMES if name == "lift" else PLAIN)
    return Verdict(of, _RISK_WORDS[where], {"above": "good", "below": "bad", "either": "open"}[where], number)  # type: ignore[arg-type]

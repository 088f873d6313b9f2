"""The first screen: what is predicted, and the plain answers to the questions that a manager asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from pipelines.messages.numbers import GAP, PERCENT, PLAIN, TIMES, alone, between, share, whole, written
from pipelines.reporting import effects
from pipelines.reporting.judged_figures import JudgedFigure, Tone, Words, judged

Found = Mapping[str, Any]

_SHOWN = Words("Yes", "No", "Not shown")


@dataclass(frozen=True)
class Answer:
    """A question, the figures that answer it, what they mean, and further ones to compare with."""

    question: str
    verdicts: tuple[JudgedFigure, ...]
    meaning: str
    further: tuple[JudgedFigure, ...] = ()


@dataclass(frozen=True)
class Shares:
    """The shares that the first paragraph speaks of, as text; than_chance says what the list's lift amounts to."""

    contacted: str
    of_contacted: str
    of_all: str
    found: str
    than_chance: str
    promised: str
    observed: str
    observed_range: str


def shares(found: Found) -> Shares:
    """Those of the top of the list, and of the group of customers whose promised chance is nearest the average."""
    risk, rows, base = found["risk"], found["cohort"]["untreated_rows"], found["cohort"]["churned_share"]
    group = min(found["curves"]["calibration"], key=lambda one: abs(one["predicted"] - base))
    error = sqrt(group["observed"] * (1 - group["observed"]) / group["n_rows"])
    observed = written({**group, "value": group["observed"], "standard_error": error}, PERCENT)
    return Shares(
        contacted=whole(found["spec"]["evaluation"]["contact_share"]),
        of_contacted=alone(base * risk["lift"]["value"], PERCENT, standard_error=base * risk["lift"]["standard_error"]),
        of_all=share(base, rows),
        found=str(written(risk["recall"], PERCENT)),
        than_chance=_than_chance(risk["lift"]),
        promised=alone(group["predicted"], PERCENT, standard_error=error),
        observed=str(observed),
        observed_range=observed.range,
    )


def _than_chance(lift: Found) -> str:
    """How many times as good as chance the list is, where that is shown; else that it is not, or that it is worse."""
    verdict = judged("", lift, _SHOWN, TIMES, against=1.0)
    told = f"{verdict.figure} as many of them as a random draw, {verdict.figure.range}"
    return {
        "good": f"the list is {verdict.figure} as good as chance",
        "bad": f"the list is worse than chance ({told})",
        "open": f"that the list is better than chance is not shown ({told})",
    }[verdict.tone]


def answers(found: Found) -> tuple[Answer, ...]:
    """The questions of the first screen, those on actions only where the data can speak of them."""
    of_risk = (_finds(found), _ranks(found), _promises(found))
    if effects.is_randomised(found):
        return (*of_risk, _helps(found), _whom(found), _earns(found))
    return (*of_risk, _goes_with(found)) if found["uplift"]["measured"] else of_risk


def _finds(found: Found) -> Answer:
    said, bad = shares(found), found["spec"]["label"]["bad"]
    return Answer(
        f"Does it find customers who {bad}?",
        (judged("top of the list, against chance", found["risk"]["lift"], _SHOWN, TIMES, against=1.0),),
        f"Of the {said.contacted} with the highest risk, {said.of_contacted} {bad}; of all, {said.of_all}. "
        f"The list finds {said.found} of all who {bad}.",
    )


def _ranks(found: Found) -> Answer:
    label, auc = found["spec"]["label"], found["risk"]["auc"]
    return Answer(
        "Does it rank customers well?",
        (judged("AUC", auc, _SHOWN, PLAIN, against=0.5),),
        f"Of one customer who {label['bad']} and one who {label['good']}, the first has the higher risk "
        f"{100 * auc['value']:.0f} times in 100. Guessing comes to 50.",
    )


def _promises(found: Found) -> Answer:
    said, gap = shares(found), found["risk"]["miscalibration"]["gap"]
    limit = found["spec"]["gate"]["calibration_limit"]
    # As the promotion rule R011 asks it: only what is shown counts against the model.
    tone: Tone = "good" if gap["high"] < limit else "bad" if gap["low"] > limit else "open"
    word = {"good": "Yes", "bad": "No", "open": "Cannot tell"}[tone]
    return Answer(
        "Do its percentages hold?",
        (JudgedFigure("gap beyond chance", word, tone, between(gap, GAP, clear_of=limit)),),
        f"When it says {said.promised}, {said.observed} {found['spec']['label']['bad']} ({said.observed_range}). "
        f"Promised and observed shares of ten groups lie so far apart; the limit is "
        f"{alone(limit, GAP, standard_error=0.01)}.",
    )


def _helps(found: Found) -> Answer:
    good = found["spec"]["label"]["good"]
    return Answer(
        "Does an action help?",
        effects.effects(found),
        f"How many more of 100 customers {good} with it than without, in the whole trial. It was given at random, so "
        "this is its effect.",
    )


def _goes_with(found: Found) -> Answer:
    good = found["spec"]["label"]["good"]
    return Answer(
        "What goes with an action?",
        effects.effects(found),
        f"How many more of 100 customers {good} with it than without, known differences set aside. It was not given at "
        "random: nobody can say that this is its effect, and nothing is advised.",
    )


def _whom(found: Found) -> Answer:
    good = found["spec"]["label"]["good"]
    return Answer(
        "Does it know whom an action helps?",
        effects.rankings(found),
        f"How many more of 100 customers {good} if those with the highest predicted effect come first and not anybody: "
        "the average over all budgets (QINI).",
    )


def _earns(found: Found) -> Answer:
    verdict, further = effects.earned(found), effects.hardest(found)
    return Answer("What does its advice earn?", (verdict,), f"Advised: {effects.advice(found)}.", further)

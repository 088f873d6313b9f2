"""Questions of a manager and their answers on the report's first screen, below the short lines of `in_short`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from pipelines.messages.numbers import GAP, NO_BREAK, PERCENT, PLAIN, TIMES, alone, between, share, whole, written
from pipelines.reporting import effects
from pipelines.reporting.auc_grades import GOOD_FROM, grade
from pipelines.reporting.judged_figures import JudgedFigure, Tone, Words, in_column, judged

Found = Mapping[str, Any]

_BEATS = Words("Better", "Worse", "Not shown to be better")
_SHOWN = Words("Yes", "No", "Not shown")


@dataclass(frozen=True)
class QuestionAnswer:
    """A question, the figures that answer it, their meaning, and further figures to compare with."""

    question: str
    verdicts: tuple[JudgedFigure, ...]
    meaning: str
    further: tuple[JudgedFigure, ...] = ()


@dataclass(frozen=True)
class Shares:
    """The shares in the first paragraph, as text; than_chance is the list's lift in words."""

    contacted: str
    of_contacted: str
    of_all: str
    found: str
    than_chance: str
    predicted: str
    observed: str
    observed_range: str


def shares(found: Found) -> Shares:
    """The shares of the top of the list, and of the group of customers whose prediction is nearest the average."""
    risk, rows, base = found["risk"], found["cohort"]["untreated_rows"], found["cohort"]["churned_share"]
    group = min(found["curves"]["calibration"], key=lambda one: abs(one["predicted"] - base))
    error = sqrt(group["observed"] * (1 - group["observed"]) / group["n_rows"])
    observed = written({**group, "value": group["observed"], "standard_error": error}, PERCENT)
    return Shares(
        contacted=whole(found["spec"]["evaluation"]["contact_share"]),
        of_contacted=alone(base * risk["lift"]["value"], PERCENT, standard_error=base * risk["lift"]["standard_error"]),
        of_all=share(base, rows),
        found=str(written(risk["recall"], PERCENT)),
        than_chance=_than_chance(found),
        predicted=alone(group["predicted"], PERCENT, standard_error=error),
        observed=str(observed),
        observed_range=observed.range,
    )


def _than_chance(found: Found) -> str:
    """The lift in words: of the highest risk more left than of a random draw, fewer, or neither is shown."""
    verdict = judged("", found["risk"]["lift"], _SHOWN, TIMES, against=1.0)
    share, bad = whole(found["spec"]["evaluation"]["contact_share"]), found["spec"]["label"]["bad"]
    top, random = f"the {share} of customers with the highest risk", f"{share} drawn at random"
    told = f"{verdict.figure} as many, {verdict.figure.range}"
    return {
        "good": f"Among {top}, {verdict.figure} as many {bad} as among {random}",
        "bad": f"Among {top}, fewer {bad} than among {random} ({told})",
        "open": f"That among {top} more {bad} than among {random} is not shown ({told})",
    }[verdict.tone]


def answers(found: Found) -> tuple[QuestionAnswer, ...]:
    """The questions of the first screen; those on actions only where there are actions."""
    of_risk = (_finds(found), _ranks(found), _percentages(found))
    if effects.is_randomised(found):
        return (*of_risk, _helps(found), _whom(found), _earns(found))
    return (*of_risk, _goes_with(found)) if found["uplift"]["measured"] else of_risk


def _finds(found: Found) -> QuestionAnswer:
    said, bad = shares(found), found["spec"]["label"]["bad"]
    return QuestionAnswer(
        f"Does it find customers who {bad}?",
        (judged("top of the list, against a random draw", found["risk"]["lift"], _SHOWN, TIMES, against=1.0),),
        f"Of the {said.contacted} with the highest risk, {said.of_contacted} {bad}; of all, {said.of_all}. "
        f"The list finds {said.found} of all who {bad}.",
    )


def _ranks(found: Found) -> QuestionAnswer:
    label, auc = found["spec"]["label"], found["risk"]["auc"]
    meaning = (
        f"Of one customer who {label['bad']} and one who {label['good']}, the first has the higher risk "
        f"{100 * auc['value']:.0f} times in 100. Guessing comes to 50; from 70 it is called fair, from 80 good, from "
        "90 very good."
    )
    if scores := found["simple_scores"]:
        alone = ", ".join(f"{name} {100 * one['auc']['value']:.0f}" for name, one in scores.items())
        meaning += f" A simple score alone does it so many times: {alone}."
    else:
        meaning += " Whether a simple rule would do as well is not known: the spec names none to compare with."
    return QuestionAnswer("How well does it rank customers?", (graded(found),), meaning, _against_simple(found))


def graded(found: Found) -> JudgedFigure:
    """How well the risk is ranked, in words; good only if it is shown to beat every simple score of the spec."""
    auc = found["risk"]["auc"]
    alone = judged("AUC", auc, _SHOWN, PLAIN, against=0.5)
    if alone.tone != "good":
        return replace(alone, word="No better than guessing" if alone.tone == "open" else "Worse than guessing")
    word = grade(auc["value"]).capitalize()
    left = [name for name, one in found["simple_scores"].items() if one["advantage"]["low"] <= 0]
    if left:
        return replace(alone, word=f"{word}, but not shown to beat {' and '.join(left)}", tone="open")
    return replace(alone, word=word, tone="good" if auc["value"] >= GOOD_FROM else "open")


def _against_simple(found: Found) -> tuple[JudgedFigure, ...]:
    """The model's lead in AUC over each simple score."""
    more, unit = found["simple_scores"].items(), replace(PLAIN, signed=True)
    return in_column([judged(f"AUC above that of {name}", one["advantage"], _BEATS, unit) for name, one in more])


def percentages(found: Found) -> JudgedFigure:
    """Whether the predicted percentages hold, by the criterion of promotion rule R011."""
    gap, limit = found["risk"]["miscalibration"]["gap"], found["spec"]["gate"]["calibration_limit"]
    tone: Tone = "good" if gap["high"] < limit else "bad" if gap["low"] > limit else "open"
    word = {"good": "Yes", "bad": "No", "open": "Inconclusive"}[tone]
    return JudgedFigure("gap between predicted and observed", word, tone, between(gap, GAP, clear_of=limit))


def _percentages(found: Found) -> QuestionAnswer:
    said, limit = shares(found), found["spec"]["gate"]["calibration_limit"]
    return QuestionAnswer(
        "Do its percentages hold?",
        (percentages(found),),
        f"When it says {said.predicted}, {said.observed} {found['spec']['label']['bad']} ({said.observed_range}): one "
        "group of ten, as an example. The gap is the typical one of the ten, less what chance alone would add; "
        f"{alone(limit, GAP, standard_error=0.01)} are allowed.",
    )


def _helps(found: Found) -> QuestionAnswer:
    good = found["spec"]["label"]["good"]
    return QuestionAnswer(
        "Does an action help?",
        effects.effects(found),
        f"How many more of 100 customers {good} with it than without, in the whole trial ({_trial_rows(found):,} "
        f"{observations(found)}). It was randomised, so this is its effect.",
    )


def _trial_rows(found: Found) -> int:
    """The number of rows of the whole trial, with the control rows counted once."""
    whole = found["uplift"]["trial"].values()
    return int(sum(one["rows"] for one in whole) + max((one["control_rows"] for one in whole), default=0))


def observations(found: Found) -> str:
    """The word for rows: observations where customers occur on several dates, else customers."""
    return "observations" if found["cohort"]["rows"] > found["cohort"]["customers"] else "customers"


def _goes_with(found: Found) -> QuestionAnswer:
    good = found["spec"]["label"]["good"]
    return QuestionAnswer(
        "What is associated with an action?",
        effects.effects(found),
        f"How many more of 100 customers {good} with it than without, adjusted for known differences. It was not "
        "randomised: this need not be its effect, and nothing is advised.",
    )


def _whom(found: Found) -> QuestionAnswer:
    good = found["spec"]["label"]["good"]
    return QuestionAnswer(
        "Does it know whom an action helps?",
        effects.rankings(found),
        f"How many more of 100 customers {good} if each budget goes to those whom the model picks and not to a random "
        "sample, on average over budgets from nobody to everybody (QINI). So an action without a clear effect on all "
        "can still help, and pay for, those picked.",
    )


def _earns(found: Found) -> QuestionAnswer:
    verdict, further = effects.earned(found), effects.best_rivals(found)
    meaning = f"{_per_customer(found)} Advised: {effects.advice(found)}."
    return QuestionAnswer("What does its advice earn?", (verdict,), meaning, further)


def _per_customer(found: Found) -> str:
    """A sentence on what the value of the advice is an average of."""
    policy = found["policy"]
    left = 1 - sum(policy["contacts_by_action"].values()) / policy["customers"]
    also = f", also the {100 * left:.0f}{NO_BREAK}% who are not contacted" if left >= 0.005 else ""
    return f"After the cost of the contacts, on average over all {observations(found)} in the trial{also}."


def accepted(checks: Iterable[Found]) -> int:
    """The number of leak checks with findings that the spec accepts; 0 in old reports, which lack the key."""
    return sum(1 for one in checks if any(kept["finding"] for kept in one.get("accepted", ())))

"""Lifetime value from the predicted risk and the margin, discounted."""

import numpy as np

from experiments.metric import Numbers

DAYS_A_YEAR = 365.25
# A risk of 1 would be an infinite hazard.
MOST_RISK = 1 - 1e-9


def hazard(risk: Numbers, *, days: float) -> Numbers:
    """The rate at which customers leave, a year, from the probability of leaving within so many days; any shape.

    It is taken to stay the same: probability = 1 - exp(-hazard * days / 365.25).
    """
    found: Numbers = -np.log1p(-np.clip(risk, 0.0, MOST_RISK)) * DAYS_A_YEAR / days
    return found


def lifetime_value(margin: Numbers, hazard: Numbers, *, discount: float, years: float) -> Numbers:
    """What customers bring from now on for so many years, in the unit of margin; any shape.

    margin is what they bring a year, hazard the rate at which they leave, discount how much less money is worth a year
    later. It is the integral of margin * exp(-(hazard + ln(1 + discount)) t) over t from 0 to years (Fader & Hardie,
    Marketing Science 29, 2010, section 2, in continuous time).
    """
    rate = np.asarray(hazard + np.log1p(discount), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = np.where(rate * years < 1e-12, years, -np.expm1(-rate * years) / rate)
    found: Numbers = margin * counted
    return found


def evened_out(
    margin: Numbers, hazard: Numbers, *, common: float, after: float, discount: float, years: float
) -> Numbers:
    """As `lifetime_value`, of customers whose hazard becomes the common one after so many years; any shape.

    A risk that is low today is not low for ever. Where all keep theirs, those of low risk remain, and too few leave.
    """
    first = min(after, years)
    early = lifetime_value(margin, hazard, discount=discount, years=first)
    late = lifetime_value(margin, np.full_like(hazard, common), discount=discount, years=years - first)
    found: Numbers = early + late * np.exp(-(hazard + np.log1p(discount)) * first)
    return found


def survival(hazard: Numbers, *, common: float, after: float, years: float) -> Numbers:
    """The probability of still being a customer after so many years, of hazards as in `evened_out`; any shape."""
    first = min(after, years)
    found: Numbers = np.exp(-(hazard * first + common * (years - first)))
    return found

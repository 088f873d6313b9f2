"""Churn correlates (drivers): how churners and others differ in each feature, with p-values and a threshold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from experiments.metric import Numbers
from experiments.statistics import rounding
from experiments.statistics.change_point import FEWEST_ON_A_SIDE, change_point
from experiments.statistics.poisson import Clusters
from experiments.statistics.standardised import standardised_difference
from features.contract import Contract
from features.feature import FeatureColumn

TOUCHPOINTS = ("onboarding", "application", "after_sales", "renewal")
NO_THEME = "table"
# The theme whose features are answers to surveys; elsewhere a name that ends in a touchpoint, such as
# days_to_renewal, means something else.
SURVEYED = "experience"
FALSE_DISCOVERIES = 0.05
# With fewer leavers or stayers the normal distribution no longer tells how sure a difference is.
FEWEST_OF_AN_OUTCOME = 20
# Fewer customers who differ from all others are dealt to the leavers by the handful.
FEWEST_APART = 5
# Cochran (1954): with fewer rows expected in a cell of two by two, neither.
FEWEST_EXPECTED = 5.0


@dataclass(frozen=True)
class Driver:
    """A factor associated with churn: a numeric column, or one value of a category (then value names it).

    effect is the mean of leavers less that of stayers, in pooled standard deviations, with a 95 % interval; q is the
    p value after control of false discoveries over all factors, and established whether q is 5 % at most.
    leaving_low and leaving_high are the shares that left up to the threshold, in unit, and above it; None
    where the leaving rate has no break. mean_left and mean_stayed are the means of leavers and of stayers, in unit;
    of a value of a category, the shares who have it. touchpoint is the moment that a survey asked about. It goes
    with leaving; whether it causes it, nothing here can say.
    """

    feature: str
    meaning: str
    theme: str
    touchpoint: str | None
    value: str | None
    effect: float
    low: float
    high: float
    p: float
    q: float
    established: bool
    missing_share: float
    leaving_low: float | None
    leaving_high: float | None
    threshold: float | None
    unit: str | None
    mean_left: float
    mean_stayed: float


def drivers(rows: pd.DataFrame, contract: Contract, themes: Mapping[str, str]) -> list[Driver]:
    """Every factor of the contract that can be tested, the strongest effect first.

    rows (customer_id, churned, the features) are those without action; themes names the theme of a feature,
    "table" where it has none. Missing values are left out. A factor is examined where 20 customers who left and 20 who
    stayed have a value and 5 customers another than the commonest; a value of a category where 50 rows have it, 50 have
    another, and chance alone would give each outcome 5 of either. False discoveries: Benjamini & Hochberg (1995).
    """
    left = rows["churned"].to_numpy(dtype=float)
    clusters = pd.factorize(rows["customer_id"])[0].astype(np.intp)
    encoded = contract.encode(rows)
    examined = [
        driver
        for place, column in enumerate(contract.columns)
        for driver in _of_column(
            column, encoded[:, place], left=left, clusters=clusters, theme=themes.get(column.name, NO_THEME)
        )
    ]
    controlled = false_discovery_control([one.p for one in examined]) if examined else []
    judged = [
        replace(one, q=float(q), established=bool(q <= FALSE_DISCOVERIES))
        for one, q in zip(examined, controlled, strict=True)
    ]
    return sorted(judged, key=lambda one: (-abs(rounding.figure(one.effect)), one.feature, one.value or ""))


def touchpoint_of(feature: str, theme: str) -> str | None:
    """The survey touchpoint that a feature's name ends with; None where there is none or it is no survey feature."""
    if theme != SURVEYED:
        return None
    return next((name for name in TOUCHPOINTS if feature.endswith(f"_{name}")), None)


def _of_column(
    column: FeatureColumn, encoded: Numbers, *, left: Numbers, clusters: Clusters, theme: str
) -> Iterator[Driver]:
    """The factors of a column, tested one by one; q is still the raw p-value, and nothing is established yet."""
    known = np.isfinite(encoded)
    left, clusters = left[known], clusters[known]
    if min(_customers(clusters[left == outcome]) for outcome in (0, 1)) < FEWEST_OF_AN_OUTCOME:
        return
    for value, values in _factors(column, encoded[known], left):
        # Where nearly all have one value, it is the median.
        if _customers(clusters[values != np.median(values)]) < FEWEST_APART:
            continue
        difference = standardised_difference(values, left=left, clusters=clusters)
        if difference is None:
            continue
        interval, cut = difference.interval(), None
        if column.type == "number":
            cut = change_point(values, left=left, clusters=clusters)
        yield Driver(
            feature=column.name,
            meaning=column.meaning,
            theme=theme,
            touchpoint=touchpoint_of(column.name, theme),
            value=value,
            effect=interval.value,
            low=interval.low,
            high=interval.high,
            p=difference.p,
            q=difference.p,
            established=False,
            missing_share=float((~known).mean()),
            leaving_low=cut.leaving_low if cut else None,
            leaving_high=cut.leaving_high if cut else None,
            threshold=cut.at if cut else None,
            unit=column.unit,
            mean_left=difference.means[0],
            mean_stayed=difference.means[1],
        )


def _customers(clusters: Clusters) -> int:
    return int(np.count_nonzero(np.bincount(clusters)))


def _factors(column: FeatureColumn, values: Numbers, left: Numbers) -> Iterator[tuple[str | None, Numbers]]:
    """A numeric column as it is; for a category, an indicator (0 or 1) of each value that is frequent enough."""
    if column.type == "number":
        yield None, values
        return
    rarer_outcome = min(float(left.mean()), 1 - float(left.mean()))
    for code, value in enumerate(column.categories):
        has = (values == code).astype(np.float64)
        rarer = min(float(has.sum()), has.size - float(has.sum()))
        if rarer >= FEWEST_ON_A_SIDE and rarer * rarer_outcome >= FEWEST_EXPECTED:
            yield value, has

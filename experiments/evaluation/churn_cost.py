"""The cost of churn: lost margin, lost expansion and acquisition cost, and the highest acceptable churn rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.evaluation.cohort import Cohort
from experiments.metric import Numbers
from experiments.metrics.policy_value import METRIC as MEAN
from experiments.sections.cost_of_churn import CostOfChurnSpec
from experiments.statistics.intervals import Estimate

DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Loss:
    """The loss from each customer who leaves, in the spec's currency; every array has shape (n_rows,)."""

    margin: Numbers
    expansion: Numbers
    acquisition: Numbers

    @property
    def total(self) -> Numbers:
        """The sum of all parts, shape (n_rows,)."""
        return self.margin + self.expansion + self.acquisition


def loss(value: Numbers, asked: CostOfChurnSpec) -> Loss:
    """The loss from customers of these values, shape (n_rows,), by the parameters of the spec.

    margin = value * margin_share * months / value_months, expansion = expansion_share * margin, and acquisition is the
    same for everybody. A customer of negative value costs less than another one costs to win.
    """
    margin = _monthly(value, asked) * asked.months
    return Loss(margin, asked.expansion_share * margin, np.full(value.shape, asked.acquisition))


def _monthly(value: Numbers, asked: CostOfChurnSpec) -> Numbers:
    monthly: Numbers = value * asked.margin_share / asked.value_months
    return monthly


def acceptable_share(margin: Numbers, *, acquisition: float, months: float = 1.0) -> Numbers:
    """The highest churn rate within `months` at which a customer's lifetime margin covers the acquisition cost.

    margin is what customers bring a month on average, expansion included, any shape. At a constant share c leaving each
    month a customer stays 1 / c months and brings margin / c (undiscounted; Gupta, Lehmann & Stuart, Journal of
    Marketing Research 41, 2004); that pays for acquisition, in the same currency, up to c = margin / acquisition, in
    [0, 1]. Over several months 1 - (1 - c)^months leave.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        monthly = np.clip(np.nan_to_num(margin / acquisition, nan=1.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    share: Numbers = 1.0 - (1.0 - monthly) ** months
    return share


def churn_cost_report(cohort: Cohort) -> dict[str, Any]:
    """The weighted cost of churn on the untreated rows, with intervals; empty where the spec has no cost_of_churn.

    per_leaver: what one who leaves costs, the mean over all customers, by part (acquisition is the same for each).
    per_customer: what those who did leave cost, spread over all. acceptable_monthly: the break-even share, see
    `acceptable_share`. Where the label has a horizon, acceptable and observed are the shares that may leave and did
    leave within it, and excess is how many more did.
    """
    asked = cohort.spec.cost_of_churn
    if asked is None:
        return {}
    rows, days = cohort.untreated, cohort.spec.label.horizon_days
    found, churned = loss(cohort.value[rows], asked), cohort.churned[rows]
    parts = {name: getattr(found, name) for name in ("margin", "expansion", "total")}
    monthly = _mean(cohort, _monthly(cohort.value[rows], asked) * (1.0 + asked.expansion_share))
    report: dict[str, Any] = {
        "per_leaver": {name: _mean(cohort, part).interval().to_dict() for name, part in parts.items()},
        "per_customer": _mean(cohort, churned * found.total).interval().to_dict(),
        "margin_a_month": monthly.interval().to_dict(),
        "acquisition": asked.acquisition,
        "acceptable_monthly": _acceptable(monthly, asked, 1.0).interval().to_dict(),
    }
    if days:
        acceptable, observed = _acceptable(monthly, asked, days / DAYS_A_MONTH), _mean(cohort, churned)
        report |= {"acceptable": acceptable.interval().to_dict(), "observed": observed.interval().to_dict()}
        report["excess"] = (observed - acceptable).interval().to_dict()
    return report


def _mean(cohort: Cohort, values: Numbers) -> Estimate:
    return cohort.estimate(MEAN, values, mask=cohort.untreated, weights=cohort.weights_of(cohort.untreated))


def _acceptable(monthly: Estimate, asked: CostOfChurnSpec, months: float) -> Estimate:
    def share(margin: Numbers) -> Numbers:
        return acceptable_share(margin, acquisition=asked.acquisition, months=months)

    return Estimate(float(share(np.array(monthly.point))), share(monthly.values))

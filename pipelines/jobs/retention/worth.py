"""Lifetime value of today's customers, from the serving champion's risk and what they pay."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.evaluation.retention.lifetime import DAYS_A_YEAR, evened_out, hazard, lifetime_value, survival
from experiments.metric import Numbers
from experiments.spec import ExperimentSpec
from experiments.statistics.intervals import normal_interval
from features.history import YEAR_DAYS
from pipelines.jobs.retention.company import Company
from pipelines.matrix import matrices
from pipelines.outreach import serving_champion
from pipelines.outreach.past_dates import scores
from pipelines.reporting import catalogue
from pipelines.workspace import Workspace

MONTHS_A_YEAR = 12
FEWEST = 2


def lifetime(spec: ExperimentSpec, workspace: Workspace, company: Company, by: tuple[str, ...]) -> dict[str, Any] | str:
    """The mean lifetime value, by group too, and what it rests on; or why there is none, as a sentence."""
    words = catalogue.of_page("kpis")
    if spec.label.kind == "not_renewed":
        return words.english("no_lifetime_of_renewals")
    if not spec.label.horizon_days:
        return words.english("no_horizon")
    if not workspace.matrix.exists():
        return words.english("no_rows", spec=spec.name)
    champion = serving_champion.read(spec.name, workspace)
    if champion is None:
        return words.english("no_champion", spec=spec.name)
    rows = matrices.to_score(workspace.matrix)
    as_of = pd.Timestamp(rows["as_of"].max())
    places = company.ids.get_indexer(pd.Index(rows["customer_id"]))
    paid = _paid_a_year(company, as_of)
    if paid is None:
        return words.english("no_payments")
    share, why = _margin_share(spec)
    known = places >= 0
    risk = scores(champion.model, rows)[known]
    margin = paid[places[known]] * share
    leaving = hazard(risk, days=spec.label.horizon_days)
    money = {"discount": spec.kpis.discount, "years": spec.kpis.years}
    own = spec.label.horizon_days / DAYS_A_YEAR
    common = float(hazard(np.array([risk.mean()]), days=spec.label.horizon_days)[0]) if risk.size else 0.0
    value = evened_out(margin, leaving, common=common, after=own, **money)
    stay = lifetime_value(margin, leaving, **money)
    year = survival(leaving, common=common, after=own, years=1.0)
    groups = {column: company.group(column, np.datetime64(as_of)).to_numpy()[places[known]] for column in by}
    notes = [] if spec.label.kind != "inactive" else [words.english("note_inactive")]
    return {
        "as_of": str(as_of.date()),
        "version": champion.version,
        "customers": int(known.sum()),
        "margin_share": share,
        "margin_share_from": why,
        **money,
        "mean": _mean(value),
        "mean_if_risks_stay": float(stay.mean()) if stay.size else None,
        "sum": float(value.sum()),
        "implied_retention": float(year.mean()) if year.size else None,
        "margin_a_year": float(margin.mean()) if margin.size else 0.0,
        "groups": {column: _by(value, held) for column, held in groups.items()},
        "notes": notes,
    }


def _paid_a_year(company: Company, as_of: pd.Timestamp) -> Numbers | None:
    """What each customer pays a year, shape (n_customers,): twelve times the price now, or what was paid in the last.

    Of less than a year of data it is enlarged to one.
    """
    price = company.paying(np.datetime64(as_of, "us"))
    if price is not None:
        return price * MONTHS_A_YEAR
    rows = company.tables.get("paid_in_a_year")
    if rows is None:
        return None
    days = min(YEAR_DAYS, max(1, (company.ends - company.data_begin).days))
    paid = np.zeros(len(company.ids))
    paid[rows["place"].to_numpy()] = rows["paid"].to_numpy(dtype=float)
    return paid * (YEAR_DAYS / days)


def _margin_share(spec: ExperimentSpec) -> tuple[float, str]:
    """The share of the price that is margin, and where it is said."""
    if spec.kpis.margin_share is not None:
        return spec.kpis.margin_share, "kpis.margin_share"
    if spec.cost_of_churn is not None:
        return spec.cost_of_churn.margin_share, "cost_of_churn.margin_share"
    return 1.0, "nothing says it: revenue"


def _mean(value: Numbers) -> dict[str, Any] | None:
    if value.size < FEWEST:
        return None
    error = float(np.std(value, ddof=1) / np.sqrt(value.size))
    return normal_interval(float(value.mean()), error).to_dict()


def _by(value: Numbers, held: np.ndarray) -> dict[str, Any]:
    named = pd.Series(held, dtype=object)
    named = named.where(named.notna(), "unknown").astype(str)
    return {
        str(name): {"customers": len(part), "mean": _mean(value[part.index.to_numpy()])}
        for name, part in named.groupby(named, sort=True)
    }

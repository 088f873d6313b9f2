"""Whether the actions were handed out by lot, asked of the whole trial before anything is learnt from it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments import randomisation
from experiments.metric import Numbers
from experiments.spec import ExperimentSpec
from features.contract import Contract
from features.tables import CONTROL
from pipelines.learning import Learning

MOST_CATEGORIES = 50
# More could only find what matters to nobody, and would not fit into memory beside their columns.
MOST_ASSIGNMENTS = 200_000


def examined(opened: Learning) -> dict[str, Any]:
    """Balance, overlap, sizes and predictability of the arms, as the report holds them; nothing without actions."""
    if not opened.actions:
        return {}
    rows, seed = assignments(opened.rows[pd.notna(opened.arms)]), opened.spec.evaluation.seed
    if len(rows) > MOST_ASSIGNMENTS:
        rows = rows.sample(MOST_ASSIGNMENTS, random_state=seed)
    covariates, names = known_before(rows, opened.contract)
    arm = rows["arm"].to_numpy().astype(str)
    found = randomisation.examine(
        covariates=covariates,
        names=names,
        arm=arm,
        control=CONTROL,
        probability=_promised(opened, rows, arm),
        seed=seed,
    )
    largest = found.balance[0] if found.balance else None
    return {
        "verdict": found.verdict,
        "words": found.words,
        "assignments": len(rows),
        "largest_difference": abs(largest.difference) if largest else 0.0,
        "largest_difference_in": largest.covariate if largest else "",
        "sample_ratio_p": found.sample_ratio.p,
        "observed": found.sample_ratio.observed,
        "expected": found.sample_ratio.expected,
        "predictability": {one.action: one.auc for one in found.predictability},
        "overlap": {one.action: one.overlap for one in found.predictability},
    }


def is_observational(spec: ExperimentSpec, trial: Mapping[str, Any]) -> bool:
    """Whether actions were tried that were not randomised, by the spec or by what `examined` found."""
    if spec.treatment is None:
        return False
    return not spec.treatment.randomised or trial["verdict"] != "randomised"


def assignments(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each drawing of lots: where nobody's arm ever changes, it was drawn once, at the first date."""
    arms = rows.groupby("customer_id")["arm"].nunique()
    return rows.drop_duplicates("customer_id") if bool((arms == 1).all()) else rows


def known_before(rows: pd.DataFrame, contract: Contract) -> tuple[Numbers, list[str]]:
    """The columns as numbers, NaN where missing, and their names; a category is a column for each of its values."""
    encoded = contract.encode(rows)
    parts, names = [], []
    for place, column in enumerate(contract.columns):
        values = encoded[:, place]
        if column.type != "category":
            parts.append(values)
            names.append(column.name)
            continue
        for code, category in enumerate(column.categories[:MOST_CATEGORIES]):
            parts.append(np.where(np.isnan(values), np.nan, values == code))
            names.append(f"{column.name} {category}")
    return (np.column_stack(parts) if parts else np.empty((len(rows), 0))), names


def _promised(opened: Learning, rows: pd.DataFrame, arm: np.ndarray) -> Numbers:
    """The logged probability of each row's arm; where no lot was claimed, the arm's share, which promises nothing."""
    if opened.spec.treatment is not None and opened.spec.treatment.randomised:
        return rows["probability"].to_numpy(dtype=float, na_value=np.nan)
    shares = pd.Series(arm).value_counts(normalize=True)
    return np.asarray(pd.Series(arm).map(shares), dtype=float)

"""The test of whether the actions were randomised, on the whole trial, before any training."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.metric import Numbers
from experiments.randomisation import campaign_draws, examination
from experiments.sections.treatment import HasTreatment
from features.contract import Contract, Matrix
from features.tables import CONTROL
from pipelines.learning.training_data import Learning

MOST_CATEGORIES = 50
FEWEST_OF_AN_ARM = 100
# More could only find what matters to nobody.
MOST_ASSIGNMENTS = 200_000
# Covariates of more draws would not fit into memory: the arms' sizes are judged by all draws, covariates by a sample.
MOST_CELLS = 5_000_000


def examined(opened: Learning, source: Mapping[str, Any]) -> dict[str, Any]:
    """Balance, overlap, sizes and predictability of the arms, as the report holds them; nothing without actions.

    source is that section of the spec.
    """
    if not opened.actions:
        return {}
    rows = assignments(opened)
    arm = rows["arm"].to_numpy().astype(str)
    encoded = opened.X[rows.index]
    known = chances(rows, arm, encoded)
    sample = sampled(arm, MOST_CELLS // _width(opened.contract), seed=opened.spec.tuning.seed)
    covariates, names = known_before(encoded[sample], opened.contract)
    found = examination.examine(
        covariates=covariates,
        names=names,
        arm=arm,
        control=CONTROL,
        probability=rows["probability"].to_numpy(dtype=float),
        seed=opened.spec.tuning.seed,
        chances=known,
        sample=sample,
    )
    largest = found.balance[0] if found.balance else None
    return {
        "verdict": found.verdict,
        "words": found.words + _hint(source, found.sample_ratio.p),
        "assignments": len(rows),
        "largest_difference": abs(largest.difference) if largest else 0.0,
        "largest_difference_in": largest.covariate if largest else "",
        "sample_ratio_p": found.sample_ratio.p,
        "observed": found.sample_ratio.observed,
        "expected": found.sample_ratio.expected,
        "predictability": {one.action: one.auc for one in found.predictability},
        "overlap": {one.action: one.overlap for one in found.predictability},
    }


def is_observational(spec: HasTreatment, trial: Mapping[str, Any]) -> bool:
    """Whether actions were tried that were not randomised, by the spec or by what `examined` found."""
    if spec.treatment is None:
        return False
    return not spec.treatment.randomised or trial["verdict"] != "randomised"


def assignments(opened: Learning) -> pd.DataFrame:
    """A row for each draw, with the logged probability of its arm; where no lot was claimed, the arm's share.

    They keep their places among all rows as their index.
    """
    rows = opened.rows[pd.notna(opened.arms) & ~opened.unlogged]
    if not (opened.spec.treatment and opened.spec.treatment.randomised):
        shares = rows["arm"].value_counts(normalize=True)
        rows = rows.assign(probability=rows["arm"].map(shares).astype(float))
    rows = rows.assign(probability=rows["probability"].to_numpy(dtype=float, na_value=np.nan))
    drawn = rows[campaign_draws.own_draws(rows)]
    if len(drawn) > MOST_ASSIGNMENTS:
        drawn = drawn.sample(MOST_ASSIGNMENTS, random_state=opened.spec.tuning.seed)
    return drawn


def _width(contract: Contract) -> int:
    """How many covariates the columns of a contract become, at least 1."""
    return max(1, sum(min(len(column.categories), MOST_CATEGORIES) or 1 for column in contract.columns))


def sampled(arm: np.ndarray, most: int, *, seed: int) -> np.ndarray:
    """The places, rising, of at most so many draws: as many of each arm, all of a rare one; a hundred in any case."""
    generator, taken, left = np.random.default_rng(seed), [], most
    sizes = sorted((int((arm == name).sum()), str(name)) for name in np.unique(arm))
    for place, (size, name) in enumerate(sizes):
        quota = min(size, max(FEWEST_OF_AN_ARM, left // (len(sizes) - place)))
        taken.append(generator.permutation(np.flatnonzero(arm == name))[:quota])
        left -= quota
    return np.sort(np.concatenate(taken))


def known_before(encoded: Matrix, contract: Contract) -> tuple[Numbers, list[str]]:
    """The columns of encoded rows as numbers, and their names; a category is a column for each of its values."""
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
    return (np.column_stack(parts) if parts else np.empty((len(encoded), 0))), names


def chances(rows: pd.DataFrame, arm: np.ndarray, encoded: Matrix) -> Numbers | None:
    """Every arm's probability in each row, where the date, a column of few values, or both tell it."""
    arms = [CONTROL, *sorted(set(arm) - {CONTROL})]
    return campaign_draws.chances(
        arm, rows["probability"].to_numpy(dtype=float), arms=arms, groups=_groups(rows, encoded)
    )


def _groups(rows: pd.DataFrame, encoded: Matrix) -> Iterator[np.ndarray]:
    """What may have decided the probabilities: the date, and every column of few values, by itself and at each date."""
    dates = pd.factorize(rows["as_of"])[0]
    yield dates
    for column in encoded.T:
        codes, values = pd.factorize(column)
        if 1 < len(values) <= MOST_CATEGORIES:
            yield codes
            yield (dates + 1) * (MOST_CATEGORIES + 1) + codes


def _hint(source: Mapping[str, Any], p: float) -> str:
    """What to do about sizes that the spec never gave."""
    told = source.get("treatment") or {}
    if source["kind"] != "table" or p >= examination.ALPHA_SIZES:
        return ""
    if any(told.get(key) for key in ("probabilities", "probability", "strata")):
        return ""
    return "; the spec names no probabilities, so equal shares were supposed: give source.treatment.probabilities"

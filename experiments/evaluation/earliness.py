"""AUC by lead time: features as known at increasing numbers of days before the label window starts."""

from collections.abc import Mapping
from typing import Any

from experiments.evaluation.cohort import Cohort
from experiments.metric import Numbers
from experiments.metrics.recall import recall_at
from experiments.statistics.delong import delong, weighted_auc

ALL = "all"
CAUGHT_DAYS = 90


def earliness(cohort: Cohort, scores: Mapping[tuple[str, int], Numbers]) -> dict[str, Any]:
    """AUC on the untreated rows by theme and days, and the recall of the contact budget CAUGHT_DAYS ahead.

    scores, by theme (`all` for the model itself) and days, have shape (n_rows,); empty where there are no dates.
    """
    if not scores:
        return {}
    days = sorted({ahead for _, ahead in scores})
    themes = {theme: [_point(cohort, scores[theme, ahead], ahead) for ahead in days] for theme, _ in scores}
    share = cohort.spec.evaluation.contact_share
    caught = cohort.risk(recall_at(share), scores[ALL, CAUGHT_DAYS]).interval().to_dict()
    return {"days": days, "themes": themes, "caught": {"days": CAUGHT_DAYS, "contact_share": share, **caught}}


def _point(cohort: Cohort, score: Numbers, ahead: int) -> dict[str, Any]:
    untreated = cohort.untreated
    clusters, weights = cohort.clusters_of(untreated), cohort.weights_of(untreated)
    if weights is None:
        found = delong(cohort.churned[untreated], score[untreated, None], clusters=clusters).interval(0)
    else:
        found = weighted_auc(cohort.churned[untreated], score[untreated], weights=weights, clusters=clusters)
    return {"days": ahead, "value": found.value, "low": found.low, "high": found.high}

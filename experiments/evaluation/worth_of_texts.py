"""What the ranking of the risk owes to texts: the AUC with them less that without them, on the same rows and draws."""

from typing import Any

from experiments.evaluation.cohort import Cohort
from experiments.metric import Numbers
from experiments.metrics.auc import METRIC as AUC


def worth_of_texts(cohort: Cohort, score: Numbers, without: Numbers) -> dict[str, Any]:
    """The AUC of the same model fitted without what texts say, and by how much the model's own is higher.

    score and without are the risks of both, shape (n_rows,). The difference is a paired one: its interval comes from
    draws of customers that both share. A positive one says that texts tell what no other column does.
    """
    fewer = cohort.risk(AUC, without)
    return {"auc": fewer.interval().to_dict(), "loss": (cohort.risk(AUC, score) - fewer).interval().to_dict()}

"""Scores of the held-out rows by the chosen risk model without what texts say, to measure what texts are worth."""

import numpy as np

from experiments.metric import Numbers
from experiments.search.learning_problem import Candidate
from experiments.statistics import rounding
from features.catalog import all_features
from features.tables import CONTROL
from pipelines.learning.training_data import Learning

# The theme that a reader of texts fills.
THEME = "tone"


def scores(opened: Learning, choice: Candidate) -> Numbers | None:
    """The risk of each row of the gate cohort by the same family, parameters, rows and seed, without that theme.

    None where the theme says nothing: it has no column, or none that varies over the training rows. Shape (n_gate,).
    """
    training, names = opened.split.training, opened.contract.names
    of_texts = {name for name, one in all_features().items() if one.theme == THEME} & set(names)
    places = [place for place, name in enumerate(names) if name in of_texts]
    if not any(len(np.unique(opened.X[training, place])) > 1 for place in places):
        return None
    narrow = opened.narrowed([name for name in names if name not in of_texts])
    problem = narrow.problem({choice.family})
    lesson = problem.learner_input(choice, np.arange(len(problem.X)), seed=opened.spec.tuning.seed)
    fitted = lesson.outcome(CONTROL, problem.at_risk)
    return rounding.probabilities(fitted.predict(narrow.X[opened.split.gate]))

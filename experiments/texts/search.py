"""The search space of a reader of texts, and the Optuna study that searches it."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from experiments.statistics import rounding
from experiments.texts import fold_readers
from experiments.texts.judging import codes_of, macro_f1
from experiments.texts.learning import DEFAULTS
from experiments.texts.spec import TextTuning
from features.texts.ngrams import Places

# What is tried first: what is best on hotel reviews and on tweets.
STARTING_POINTS = ({name: DEFAULTS[name] for name in ("C", "power", "balance", "characters")},)


def search(trial: optuna.Trial) -> dict[str, Any]:
    """Parameters for `learning.fit`; those that are not varied stay as DEFAULTS has them.

    C: how closely the model follows the texts. power: how much n-grams count that the classes use differently.
    balance: 0, each text counts the same; 1, each class does. characters: the weight of n-grams of characters.
    """
    suggested = {
        "C": trial.suggest_float("C", 0.03, 3.0, log=True),
        "power": trial.suggest_float("power", 0.0, 1.5),
        "balance": trial.suggest_float("balance", 0.0, 1.0),
        "characters": trial.suggest_float("characters", 0.3, 1.5),
    }
    return {name: rounding.parameter(value) for name, value in suggested.items()}


def tuned(
    study: optuna.Study,
    texts: Sequence[str],
    classes: Places,
    *,
    asked: TextTuning,
    on_trial: Callable[[FrozenTrial], None],
) -> FrozenTrial:
    """The best of the first asked.trials trials by macro-F1 on folds; trials that the study has are not repeated.

    texts are normalised, classes indices of CLASSES. A trial follows from the seed and the trials before it, so that a
    study that was stopped goes on as if it had not been.
    """
    while (tried := len(ended(study))) < asked.trials:
        trial = _asked(study, tried, seed=asked.seed)
        params = search(trial)
        said = fold_readers.out_of_fold(texts, classes, params=params, n_folds=asked.folds, seed=asked.seed)
        value = rounding.figure(macro_f1(classes, codes_of(said["class"])))
        made = create_trial(params=trial.params, distributions=trial.distributions, value=value)
        study.add_trial(made)
        on_trial(made)
    return max(ended(study)[: asked.trials], key=lambda one: (value_of(one), -one.number))


def _asked(study: optuna.Study, tried: int, *, seed: int) -> optuna.Trial:
    """The next trial, of a copy in memory: the study itself holds none that did not end."""
    own = int.from_bytes(hashlib.sha256(f"{seed}/{tried}".encode()).digest()[:4])
    copy = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=own))
    copy.add_trials(ended(study))
    if tried < len(STARTING_POINTS):
        copy.enqueue_trial(STARTING_POINTS[tried])
    return copy.ask()


def ended(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that ended, in order; one that was stopped half-way is none."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def params_of(trial: FrozenTrial) -> dict[str, Any]:
    """The parameters of a trial as `search` gave them."""
    return {name: rounding.parameter(value) for name, value in trial.params.items()}


def value_of(trial: FrozenTrial) -> float:
    """The macro-F1 of a trial on its folds."""
    return float(trial.value or 0.0)

"""The search space of a reader of texts: what an Optuna study varies."""

from typing import Any

import optuna

from experiments.texts.learning import DEFAULTS

# What is tried first: what is best on hotel reviews and on tweets.
STARTING_POINTS = ({name: DEFAULTS[name] for name in ("C", "power", "balance", "characters")},)


def search(trial: optuna.Trial) -> dict[str, Any]:
    """Parameters for `learning.fit`; those that are not varied stay as DEFAULTS has them.

    C: how closely the model follows the texts. power: how much n-grams count that the classes use differently.
    balance: 0, each text counts the same; 1, each class does. characters: the weight of n-grams of characters.
    """
    return {
        "C": trial.suggest_float("C", 0.03, 3.0, log=True),
        "power": trial.suggest_float("power", 0.0, 1.5),
        "balance": trial.suggest_float("balance", 0.0, 1.0),
        "characters": trial.suggest_float("characters", 0.3, 1.5),
    }

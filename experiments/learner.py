"""What an uplift learner is: how outcome models are fitted so that each action has an effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.family import Family, FittedModel, Params, Prepared, RowIndex, Scores
from features.contract import Matrix

Arms = npt.NDArray[np.object_]


@dataclass(frozen=True)
class FittedLearner:
    """The outcome models: `control` is the risk without action, the others the risk under each action."""

    models: Mapping[str, FittedModel]

    def risks(self, X: Matrix) -> dict[str, Scores]:
        """The uncalibrated probability to churn under each arm, shape (n_rows,) each."""
        return {arm: model.predict(X) for arm, model in self.models.items()}

    @property
    def learned(self) -> dict[str, Mapping[str, float]]:
        """What fitting each outcome model found out."""
        return {arm: model.learned for arm, model in self.models.items()}


@dataclass(frozen=True)
class Learner:
    """An uplift learner.

    members says which rows teach each outcome model: given the arms (None: untreated) of the rows and the names of
    the actions, it returns a mask per outcome model, `control` first.
    """

    name: str
    meaning: str
    members: Callable[[Arms, tuple[str, ...]], dict[str, npt.NDArray[np.bool_]]]

    def fit(
        self,
        family: Family,
        prepared: Prepared,
        index: RowIndex,
        *,
        arms: Arms,
        actions: tuple[str, ...],
        params: Params,
        learned: Mapping[str, Params],
        seed: int,
        stop_index: RowIndex | None = None,
    ) -> FittedLearner:
        """Fit every outcome model on its rows of index; with stop_index each stops on its own rows of that."""
        members = self.members(arms, actions)
        models = {}
        for arm, mask in members.items():
            stop = None if stop_index is None else stop_index[mask[stop_index]]
            models[arm] = family.fit(
                prepared,
                index[mask[index]],
                params={**params, **learned.get(arm, {})},
                seed=seed,
                stop_index=stop,
            )
        return FittedLearner(models)

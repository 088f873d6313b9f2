"""A spec opened for a notebook: rows, features, candidates, models, report and champion."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.search.learning_problem import Candidate
from experiments.spec import ExperimentSpec
from features.contract import Contract
from features.errors import MissingError, UsageError
from pipelines.api import display, figures, folders, models, trials
from pipelines.api.models import Model
from pipelines.api.reports import Report
from pipelines.files import storage
from pipelines.learning import randomisation, training_data
from pipelines.learning.training_data import Learning
from pipelines.matrix import matrices
from pipelines.specs import spec_files
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.api.champions import Champion

IDS = ["customer_id", "as_of"]
NEITHER = "neither"


def open(spec: str, *, project: str | Path | None = None) -> "Project":  # noqa: A001 - said as holdfast.open
    """Open a spec of a project, such as holdfast.open("demo").

    The project is the folder `project`, else the one that HOLDFAST_PROJECT names, else the current folder or the
    nearest one above it that is a project. Nothing is written there; what is missing, the commands make.
    Raises MissingError when there is no such project or spec, SpecError when the spec is wrong, UsageError when the
    project's code is not the code that this Python runs.
    """
    workspace = Workspace(folders.folder_of(project), spec)
    return Project(spec_files.load(workspace), workspace)


@dataclass(frozen=True, repr=False)
class Project:
    """A spec and the results of its stages so far, as pandas frames.

    What has been read is kept: open the project again after a run. Whatever a stage has not made yet raises
    MissingError, which names the command to run.
    """

    spec: ExperimentSpec
    workspace: Workspace
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name of the spec."""
        return self.spec.name

    @property
    def rows(self) -> pd.DataFrame:
        """The training rows: customer_id, as_of, churned, left_in_gap, arm, probability (of the arm), value ...

        All that is known of a row but its features; churned is 1 where the customer left before the window closed.

        The index is the row's place among all rows, as in `features` and `splits`. The gate cohort is not among them:
        only the gate looks at its outcomes, and counts each look.
        """
        features = {*self._learning.contract.names, *matrices.features(self.workspace.matrix)}
        names = [name for name in self._learning.rows if name not in features]
        found: pd.DataFrame = self._learning.rows[names].iloc[self._learning.split.training]
        return found

    @property
    def features(self) -> pd.DataFrame:
        """The features of `rows`, one column for each of the contract, in its order."""
        training = self._learning.split.training
        found: pd.DataFrame = matrices.taken(self.workspace.matrix, matrices.LEARN, training).to_pandas()
        return found[self._learning.contract.names].set_axis(pd.Index(training), axis=0)

    @property
    def contract(self) -> pd.DataFrame:
        """Each feature's meaning, unit, type (number or category), minimum, maximum and categories."""
        plain = [asdict(column) for column in self._contract.columns]
        names = ["name", "meaning", "unit", "type", "minimum", "maximum", "categories"]
        return pd.DataFrame(plain, columns=names).set_index("name").rename_axis("feature")

    @property
    def customers(self) -> pd.DataFrame:
        """The customers to rank today, one row each: customer_id, as_of, features and the policy's columns."""
        self._made(self.workspace.matrix / matrices.SCORE)
        found: pd.DataFrame = matrices.read(self.workspace.matrix, matrices.SCORE).to_pandas()
        return found

    @property
    def splits(self) -> pd.DataFrame:
        """The split of all rows: customer_id, as_of, part, and a column fold_1 ... for each fold.

        part is training, gate, or neither (its window overlaps the gate's); a fold says fit or judge, else nothing.
        """
        split = self._learning.split
        part = np.full(len(self._learning.rows), NEITHER, dtype=object)
        part[split.training], part[split.gate] = "training", "gate"
        found = self._learning.rows[IDS].assign(part=part)
        for number, fold in enumerate(split.folds, start=1):
            role = np.full(len(found), "", dtype=object)
            role[fold.fit], role[fold.judge] = "fit", "judge"
            found[f"fold_{number}"] = role
        return found

    @property
    def candidates(self) -> pd.DataFrame:
        """The trials of the search by number: state, best (the chosen one), figures, family, learner and params.

        score is the spec's metric of the risk, uplift the mean QINI of the actions, policy_value what the policy earns
        a customer, in the spec's currency: means over the folds. One is fitted by
        `project.fit(**project.candidates.loc[3, ["family", "learner", "params"]])`.
        """
        self._made(self.workspace.tuning / "trials.csv")
        return trials.table(
            self.workspace.tuning, actions=bool(self.spec.actions), observational=self._is_observational
        )

    def fit(
        self, *, family: str | None = None, learner: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Model:
        """A model of a family, fitted on `rows` as the stage `train` fits; without arguments, the search's best.

        learner is how effects come about (default: the spec's first that can use the family); params not given are
        those of the family's first starting point. The seed is the spec's, so that the same call gives the same model.
        Leak checks are asked by the stage `tune`, not here.
        Raises SpecError when there is no such family or learner, UsageError when they do not go together, or a
        parameter is none of the family's.
        """
        choice = self._choice(family, learner, dict(params or {}))
        problem = self._learning.problem({choice.family}, {choice.learner})
        return models.fit(choice, replace(problem, _kept=self._kept), self._learning)

    def _choice(self, family: str | None, learner: str | None, params: dict[str, Any]) -> Candidate:
        if family is not None:
            able = self._learning.tuning.learners
            return trials.named(family, learner, params, able=able, actions=bool(self.spec.actions))
        if learner is not None or params:
            raise UsageError('name the family as well, such as fit(family="lightgbm", ...).')
        best = self._made(self.workspace.tuning / "best.json")
        return Candidate(best["family"], best["learner"], best["params"], {})

    def evaluate(self, model: Model) -> pd.DataFrame:
        """The cross-validated figures of a model: a row each, with value, low and high (95 %), standard_error ...

        Each fold is judged by the same candidate fitted on that fold's other rows; a figure is the mean over the folds,
        before calibration. The gate cohort is never looked at here: the gate holds its error rate by counting every
        look, and a model that was chosen by a look at it would pass too easily. The risk is weighed as in the report
        (the search does not weigh). Of actions that were not randomised there are no figures.
        Raises UsageError for a model of another opened project.
        """
        if model.learning is not self._learning:
            raise UsageError(f"the model was fitted on other rows; fit it again by this project of '{self.spec.name}'.")
        return figures.cross_validated(model, self.spec, effects=bool(self.spec.actions) and not self._is_observational)

    @property
    def report(self) -> Report:
        """The report of the challenger from the last `evaluate`."""
        page = self.workspace.evaluation / "report.html"
        self._made(page)
        return Report(page)

    @property
    def champion(self) -> "Champion":
        """The champion. Raises MissingError when there is none; otherwise as the command `score`."""
        from pipelines.api import champions  # not at the top: it takes MLflow's seconds

        return champions.champion_of(self.spec.name, self.workspace.root)

    @cached_property
    def _learning(self) -> Learning:
        self._made(self.workspace.matrix / "contract.json")
        return training_data.opened(self.spec, self.workspace)

    @property
    def _contract(self) -> Contract:
        return Contract.from_dict(self._made(self.workspace.matrix / "contract.json"))

    @property
    def _is_observational(self) -> bool:
        return randomisation.is_observational(self.spec, self._made(self.workspace.tuning / "randomisation.json"))

    def _made(self, path: Path) -> Any:
        """The content of a JSON file; MissingError, with the command to run, where it does not exist."""
        if not path.exists():
            where = path.relative_to(self.workspace.root)
            raise MissingError(f"'{self.spec.name}' has no {where} yet; run: python -m pipelines run {self.spec.name}")
        return storage.read_json(path) if path.suffix == ".json" else None

    def _lines(self) -> dict[str, str]:
        """A summary of what exists, without reading much."""
        parts = {"features": self.workspace.matrix / "contract.json", "candidates": self.workspace.tuning}
        parts |= {"report": self.workspace.evaluation / "report.html", "decision": self.workspace.decision}
        made = {name: str(path.relative_to(self.workspace.root)) for name, path in parts.items() if path.exists()}
        absent = dict.fromkeys(parts, "not yet")
        return {"project": str(self.workspace.root), "title": self.spec.title, **absent, **made}

    def __repr__(self) -> str:
        return display.text(f"spec {self.spec.name}", self._lines())

    def _repr_html_(self) -> str:
        return display.html(f"spec {self.spec.name}", self._lines())

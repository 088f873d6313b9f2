"""The trials of a search as a table, and candidates by name."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from optuna.trial import FixedTrial

from experiments import families, learners
from experiments.family import Family, Params
from experiments.search.learning_problem import Candidate
from experiments.search.past_trials import FAMILY, LEARNER, LEARNER_OF
from experiments.uplift.learner import EFFECT, Learner, able_to_use
from features.errors import UsageError
from features.plugins import plugin
from pipelines.files import spreadsheet, storage

FIGURES = ("score", "uplift", "policy_value")
# As MLflow has them; the module that says so takes MLflow's seconds.
OBSERVATIONAL = "observational_"
WORDS = {"True": True, "False": False}


def table(tuning: Path, *, actions: bool, observational: bool) -> pd.DataFrame:
    """The trials in the folder of `tune`, one row each, by number.

    Columns: state, best (the one that was chosen), the figures (means over the folds; those of actions are called
    observational where these were not randomised), family, learner and params.
    """
    best = storage.read_json(tuning / "best.json")
    rows = [_row(one, best, actions=actions) for one in spreadsheet.read(tuning / "trials.csv").to_dict("records")]
    found = pd.DataFrame(rows).set_index("trial").dropna(axis=1, how="all")
    is_best = found.apply(lambda row: _is(row, best), axis=1)
    found.insert(1, "best", is_best & ~is_best.cumsum().duplicated())
    return found.rename(columns={name: f"{OBSERVATIONAL}{name}" for name in FIGURES[1:]}) if observational else found


def _row(texts: Mapping[Any, str], best: Mapping[str, Any], *, actions: bool) -> dict[str, Any]:
    family = texts[FAMILY]
    prefix = f"{family}."
    learner = texts.get(LEARNER_OF.format(family)) or texts.get(LEARNER) or best["learner"]
    given = {
        name.removeprefix(prefix): _value(text) for name, text in texts.items() if name.startswith(prefix) and text
    }
    return {
        "trial": int(texts["trial"]),
        "state": texts["state"],
        **{name: float(texts[name]) if texts.get(name) else None for name in FIGURES},
        "family": family,
        "learner": learner,
        "params": _asked(plugin(families, family, Family), given, regresses=actions and _learner(learner).regresses),
    }


def _value(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return WORDS.get(text, text)


def _is(row: pd.Series, best: Mapping[str, Any]) -> bool:
    same = all(row[name] == best[name] for name in ("family", "learner", "params", "score"))
    return bool(same and row["state"] == "complete")


def named(family: str, learner: str | None, params: Params, *, able: Sequence[str], actions: bool) -> Candidate:
    """The candidate with these family, learner and parameters.

    Without a learner it is the first of able, those of the spec, that can use the family. Parameters that are not given
    are those of the family's first starting point. Raises SpecError when there is no such family or learner, UsageError
    when the learner cannot use the family or a parameter is none that the family searches.
    """
    found = plugin(families, family, Family)
    if learner is None:
        learner = able_to_use(found, [_learner(name) for name in able])[0] if actions else able[0]
    taught = _learner(learner)
    regresses = actions and taught.regresses
    if actions and (lacking := taught.lacking(found)):
        raise UsageError(
            f"learner '{learner}' needs {' and '.join(lacking)}, which family '{family}' leaves out; try t_learner."
        )
    start = found.starting_points[0] if found.starting_points else {}
    effect = {f"{EFFECT}{name}": value for name, value in found.effect_point.items()} if regresses else {}
    asked = _asked(found, {**start, **effect, **params}, regresses=regresses)
    if unknown := sorted(set(params) - set(asked)):
        raise UsageError(f"params: family '{family}' has no {unknown} under '{learner}'; it has {sorted(asked)}.")
    return Candidate(family, learner, asked, {})


def _learner(name: str) -> Learner:
    return plugin(learners, name, Learner)


def _asked(family: Family, given: Params, *, regresses: bool) -> dict[str, Any]:
    """The values as parameters of the family's search space, in its types; out-of-range values are accepted."""
    effects = {name.removeprefix(EFFECT): value for name, value in given.items() if name.startswith(EFFECT)}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*out of the range")
            asked = dict(family.search(FixedTrial(dict(given))))  # type: ignore[arg-type]
            found = family.search_effects(FixedTrial(effects)) if regresses else {}  # type: ignore[arg-type]
    except ValueError as error:
        raise UsageError(f"params: family '{family.name}' cannot take {dict(given)}: {error}") from error
    return asked | {f"{EFFECT}{name}": value for name, value in found.items()}

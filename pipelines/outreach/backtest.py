"""`alerts backtest`: the rules of a spec on past dates, beside the champion's list of the same number of contacts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.alerts import judging_rules, lexicon, past_performance
from experiments.alerts.alert_file import AlertFile
from experiments.logic.condition import Columns
from experiments.spec import ExperimentSpec
from pipelines.outreach import columns as known_columns
from pipelines.outreach import outreach_files, past_dates
from pipelines.outreach.past_dates import PastDates
from pipelines.workspace import Workspace

SEED = 0


def checked(spec: ExperimentSpec, workspace: Workspace) -> tuple[AlertFile, Columns, list[str]]:
    """The rules of a spec, the columns they may use, and the advice on them; SpecError where a rule is wrong."""
    file = outreach_files.alerts(spec, workspace)
    columns = known_columns.of_file(file, workspace.matrix)
    remarks = judging_rules.remarks(file.rules, columns)
    mistakes = [f"rules.{one.rule}: {one.text}" for one in remarks if one.is_mistake]
    routes = [
        f"routes.{name}: there is no feature '{route.by}'"
        for name, route in file.routes.items()
        if route.by not in columns
    ]
    words = [
        f"lexicons.{name}: no text can hold '{word}' once it is normalised; write '{plain}'"
        for name, one in file.lexicons.items()
        for word, plain in lexicon.never_found(one.words).items()
    ]
    conditions, by = [rule.when for rule in file.rules.values()], [route.by for route in file.routes.values()]
    alike = known_columns.ambiguous(workspace.matrix, conditions, *by)
    outreach_files.refuse([*mistakes, *routes, *words, *alike], path=f"experiments/specs/alerts/{spec.alerts}.yaml")
    advice = [f"rules.{one.rule}: {one.text}" for one in remarks if not one.is_mistake]
    advice += [
        f"{name}: the file does not say which there are, so a misspelt one is not noticed" for name in file.undeclared
    ]
    return file, columns, advice


def figures(spec: ExperimentSpec, workspace: Workspace) -> dict[str, Any]:
    """How each rule would have done, and the champion's list beside it, as plain data.

    The champion is asked only at dates after all that it learned from; `dates_of_the_model` says which these are, and
    `model` holds the figures of rules and list at those.
    """
    file, columns, _ = checked(spec, workspace)
    seen = past_dates.read(spec, workspace, file)
    fires = {
        name: past_performance.fired(rule, seen.truths(rule.when, columns), seen.past)
        for name, rule in file.rules.items()
    }
    judged = np.array([not np.isnan(row).all() for row in seen.scores])
    return {
        "spec": spec.name,
        "title": file.title,
        "dates": [str(moment.date()) for moment in seen.rows],
        "customers": len(seen.customers),
        "rules": {name: {"says": dict(rule.says), "when": rule.when.words()} for name, rule in file.rules.items()},
        "figures": past_performance.figures(fires, seen.past, seed=SEED),
        "dates_of_the_model": [str(moment.date()) for moment, one in zip(seen.rows, judged, strict=True) if one],
        "model": _beside_the_model(fires, seen, judged) if judged.any() else {},
    }


def _beside_the_model(
    fires: dict[str, NDArray[np.bool_]], seen: PastDates, judged: NDArray[np.bool_]
) -> dict[str, Any]:
    """For each rule at the model's dates: how it did, and how the model's list of as many contacts did."""
    past, scores = seen.past.at(judged), seen.scores[judged]
    found = {}
    for name, one in fires.items():
        rule = one[judged]
        listed = past_performance.of_the_model(scores, rule, past)
        both = {"rule": rule, "list": listed}
        found[name] = {who: past_performance.figures({who: these}, past, seed=SEED)[who] for who, these in both.items()}
    return found

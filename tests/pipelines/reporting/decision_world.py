"""Decisions on a tiny world, compared by the code that really compares, judged by the rules that really judge."""

import json
from functools import cache
from typing import Any

import numpy as np

from experiments.evaluation import comparison
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.sections.gate import GateSpec
from experiments.sections.policy import PolicySpec
from experiments.spec import ExperimentSpec
from experiments.statistics.repeated_looks import spent
from pipelines.champion import entry_kinds
from pipelines.champion.authorship import Authorship
from pipelines.champion.ledger import Entry
from pipelines.gate import decision_data, decisions
from pipelines.gate.decisions import ComparedModels, JudgedChallenger
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.evidence import Evidence, Mode
from tests.pipelines.reporting.report_world import rows_of, spec_of

SIGNED = Authorship("ann@office", "2026-03-04T05:06:07+00:00")
DIGEST, QUESTION = "d1gest", "spec-rows"
# How much of what there is to know a model knows; below 0 it has things the wrong way round.
BETTER, CHAMPION, LIKE, WORSE = 1.0, 0.0, 0.05, -1.0
GATE = {"miscalibration_margin": 0.2, "calibration_limit": 0.2, "slice_margin": 0.05}


def spec(*, with_actions: bool) -> ExperimentSpec:
    """The spec of the tiny world, with a gate for a tiny world and nothing but a share that limits contacts."""
    tiny = spec_of(with_actions=with_actions)
    return tiny.model_copy(update={"gate": GateSpec.model_validate(GATE), "policy": PolicySpec(budget_share=0.2)})


@cache
def _judged(knows: float, mode: Mode, look: int, with_actions: bool) -> str:
    """A body and its curves as JSON."""
    tiny = spec(with_actions=with_actions)
    cohort = Cohort(rows_of(np.random.default_rng(7), with_actions=with_actions), tiny)
    x = cohort.rows["x"].to_numpy()
    challenger = _model(x, knows, cohort.actions)
    first = mode is Mode.FIRST
    champion = _model(x, None, ()).knowing(cohort.actions) if first else _model(x, CHAMPION, cohort.actions)
    alpha = spent(tiny.gate.alpha, look=look)
    first = mode is Mode.FIRST
    floor = _model(x, None, ()).knowing(cohort.actions)
    recorded = Claims(risk=True, uplift=with_actions)
    models = ComparedModels(mode, with_actions, challenger, champion, floor, recorded=recorded)
    evidence = decisions.evidence_on(cohort, models, alpha=alpha)
    figures = {"challenger": decisions.figures_of(cohort, challenger)}
    if mode is not Mode.FIRST:
        figures["champion"] = decisions.figures_of(cohort, champion)
    curves = comparison.curves(cohort, challenger, champion)
    judged = JudgedChallenger(evidence, True, figures, decision_data.cohort(cohort, left_out=0), curves)
    found = decisions.decided(judged, tiny)
    told = {"look": {"cohort": cohort.digest, "number": look, "alpha": alpha}, "reports": {"challenger": "abc"}}
    return json.dumps([{**found, **told}, curves])


def _model(x: np.ndarray, knows: float | None, actions: tuple[str, ...]) -> Predictions:
    """A model that knows a part of x and mistakes noise for the rest; None: it knows the average only."""
    noise = np.random.default_rng(3).normal(size=x.size)
    seen = 0 * x if knows is None else knows * x + (1 - knows) * noise
    return Predictions(seen, 1 / (1 + np.exp(-seen)), dict.fromkeys(actions, 0.2 + 0.1 * seen))


def decided(
    knows: float, mode: Mode = Mode.REPLACE, *, look: int = 3, with_actions: bool = True, approval: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decision on a model that knows this much, and its curves."""
    found, curves = json.loads(_judged(knows, mode, look, with_actions))
    first = mode is Mode.FIRST
    asked = {"challenger_version": "1" if first else "3", "compared_with": None if first else "2", "question": QUESTION}
    body = entry_kinds.decision(asked, found, SIGNED, digest=DIGEST, approval=approval)
    return receipt(body), curves


def receipt(body: dict[str, Any], number: int = 7) -> dict[str, Any]:
    """What a body becomes once it stands in the ledger, as JSON gives it back."""
    entry = Entry("tiny", number, "", "0123456789abcdef", body)
    return json.loads(json.dumps(entry.receipt))


def bodied(decision: dict[str, Any]) -> dict[str, Any]:
    """The body of a receipt."""
    return {key: one for key, one in decision.items() if key != "ledger"}


def refused(**changes: Any) -> dict[str, Any]:
    """The decision where a fault kept anything from being compared."""
    tiny = spec(with_actions=True)
    evidence = Evidence(Mode.REPLACE, ("policy_value",), {}, {}, **{"rarer": 0, **changes})
    found = {**decisions.decided(JudgedChallenger(evidence, False, {}), tiny), "look": None, "reports": {}}
    asked = {"challenger_version": "3", "compared_with": "2", "question": QUESTION}
    return receipt(entry_kinds.decision(asked, found, SIGNED, digest=DIGEST, approval=False))

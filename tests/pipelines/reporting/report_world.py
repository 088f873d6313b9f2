"""A tiny world to report on, judged by the code that really judges, and a reader of the page."""

from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd

from experiments import evaluation, trial
from experiments.cohort import Cohort
from experiments.evaluation import Predictions
from experiments.spec import ExperimentSpec

ACTIONS = ("call", "coupon")
ROWS = 1_200
VOID = {"meta", "br", "link", "img", "input", "hr"}


def _spec(*, with_actions: bool) -> ExperimentSpec:
    return ExperimentSpec.model_validate(
        {
            "name": "tiny",
            "title": "A tiny world",
            "source": {"kind": "table"},
            "observations": None,
            "features": [],
            "value": {},
            "validation": {},
            "tuning": {},
            "label": {"kind": "column", "bad": "left", "good": "stayed"},
            "treatment": {"arms": {action: {"cost": 0.01} for action in ACTIONS}} if with_actions else None,
            "split": {"kind": "random", "gate_share": 0.3},
            "evaluation": {"draws": 100, "slices": {"plan": {"column": "plan"}}},
        }
    )


def _rows(generator: np.random.Generator, *, with_actions: bool) -> pd.DataFrame:
    x = generator.normal(size=ROWS)
    arm = generator.choice(["control", *ACTIONS], size=ROWS) if with_actions else np.full(ROWS, None)
    effect = np.where(arm == "call", 1.5 + x, np.where(arm == "coupon", 1.5, 0.0))
    return pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(ROWS)],
            "as_of": pd.NaT,
            "churned": (generator.uniform(size=ROWS) < 1 / (1 + np.exp(effect - x))).astype(float),
            "arm": arm,
            "probability": 1 / 3,
            "value": 50.0,
            "plan": np.where(np.arange(ROWS) < 20, "rare", "usual"),
            "x": x,
            **{f"mu_{name}": 0.5 for name in ("control", *ACTIONS)},
        }
    )


def judged(*, with_actions: bool, constant: bool = False) -> dict[str, Any]:
    """What the evaluation says of a tiny world, by the code that really says it; of a constant model, if asked."""
    generator = np.random.default_rng(7)
    rows = _rows(generator, with_actions=with_actions)
    cohort, x = Cohort(rows, _spec(with_actions=with_actions)), rows["x"].to_numpy()
    uplift = {"call": x, "coupon": generator.normal(size=ROWS)} if with_actions else {}
    floor = Predictions(0 * x, 0 * x + 0.5, uplift)
    model = floor if constant else Predictions(x, 1 / (1 + np.exp(-x)), uplift)
    left = rows["churned"][cohort.untreated]
    return {
        "spec": cohort.spec.model_dump(mode="json"),
        "cohort": {
            "hash": cohort.digest,
            "rows": ROWS,
            "customers": ROWS,
            "dates": [],
            "untreated_rows": len(left),
            "positives": int(left.sum()),
            "churned_share": float(left.mean()),
        },
        "risk": evaluation.risk(cohort, model, floor),
        "curves": evaluation.curves(cohort, model),
        "uplift": {
            "measured": with_actions,
            "trial": trial.differences(rows, cohort.actions) if with_actions else {},
            "randomisation": {"verdict": "randomised", "words": "sizes p 0.97"} if with_actions else {},
            "actions": evaluation.effects(cohort, model),
        },
        "policy": evaluation.policy_report(cohort, model) if with_actions else {},
        "slices": evaluation.slices(cohort, model),
        "importance": [{"name": "x", "meaning": "The only thing known", "share": 1.0}],
        "lineage": {
            "tables": {"extracted_at": None, "rows": {"customers": 4_321}},
            "counts": {"learn": ROWS, "score": 17},
            "validation": {"passed": True, "expectations": 3},
            "study": "tiny-1234",
            "contract": "c0ffee",
            "model": {
                "family": "logistic",
                "learner": "t_learner",
                "params": {"C": 0.25},
                "learned": {"control": {}},
                "training_rows": 2_800,
                "training_dates": [],
                "untreated_rows": 900,
            },
        },
    }


class Page(HTMLParser):
    """The elements of a page with their attributes, its text, and what its figures exactly are and are shown as."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.figures: dict[float, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if self.open and self.open[-1] == "data":
            self.figures[float(self.elements[-1][1]["value"] or "nan")] = data

"""A tiny world to report on, judged by the code that really judges, and a reader of the page."""

from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd

from experiments.evaluation import claims, model_figures
from experiments.evaluation.churn_cost import churn_cost_report
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.cut_earnings import cut_earnings
from experiments.evaluation.drivers import drivers
from experiments.evaluation.model_figures import Predictions
from experiments.evaluation.outcomes import Outcome, outcomes_report
from experiments.evaluation.policy_report import policy_report
from experiments.randomisation import arm_differences
from experiments.spec import ExperimentSpec
from features.contract import Contract
from features.feature import FeatureColumn
from tests.specs import REQUIRED

ACTIONS = ("call", "coupon")
ROWS = 1_200
CONTRACT = Contract(
    (
        FeatureColumn("x", "The only thing known"),
        FeatureColumn("minutes", "Minutes that a contact took", "minutes"),
        FeatureColumn("score_after_sales", "The score after a sale", "points"),
        FeatureColumn("paper", "Bill on paper", type="category", categories=("no", "yes")),
        FeatureColumn("noise", "Nothing"),
    )
)
THEMES = {"minutes": "support", "score_after_sales": "experience"}
RECONCILED = {
    "usage": {
        "read": {"a.csv": 900, "b.csv": 98},
        "duplicates": 8,
        "dropped": {"taken back": 40},
        "unmapped": {"no customer_id": 50},
        "rolled_up": 0,
        "kept": 900,
    }
}
CHECKS = [
    {"code": "L001", "meaning": "No copies.", "severity": "refuse", "findings": [], "off": None},
    {"code": "L005", "meaning": "No names.", "severity": "refuse", "findings": [], "off": "the shard matters"},
    {
        "code": "L006",
        "meaning": "No news.",
        "severity": "warn",
        "findings": [{"subject": "x", "measured": 0.3, "threshold": 0.01, "sentence": "column 'x' is 0 in training."}],
        "off": None,
    },
]
RANDOMISED = {
    "verdict": "randomised",
    "words": "sizes p 0.97",
    "overlap": dict.fromkeys(ACTIONS, 0.987),
    "predictability": dict.fromkeys(ACTIONS, 0.512),
    "largest_difference": 0.034,
    "largest_difference_in": "x_of_it missing",
    "sample_ratio_p": 0.97,
    "observed": {"control": 400, **dict.fromkeys(ACTIONS, 400)},
    "expected": {"control": 410.4, **dict.fromkeys(ACTIONS, 1000.2)},
}
SPENT = Outcome("spent", "Money spent afterwards", "eur")
VOID = {"meta", "br", "link", "img", "input", "hr"}


def spec_of(*, with_actions: bool) -> ExperimentSpec:
    return ExperimentSpec.model_validate(
        {
            **REQUIRED,
            "name": "tiny",
            "title": "A tiny world",
            "source": {"kind": "table"},
            "label": {"kind": "column", "bad": "left", "good": "stayed"},
            "treatment": {"arms": {action: {"cost": 0.01} for action in ACTIONS}} if with_actions else None,
            "split": {"kind": "random", "gate_share": 0.3},
            "policy": {"budget_share": 0.2, "capacity": {"call": 0.05}, "budget_money": 1.5} if with_actions else {},
            "cost_of_churn": {"acquisition_multiple": 5, "retention_cost": 8, "expansion_share": 0.1},
            "evaluation": {
                "draws": 100,
                "floors": {"x alone": {"columns": ["x"], "falling": True}},
                "slices": {"plan": {"column": "plan"}},
            },
        }
    )


def rows_of(generator: np.random.Generator, *, with_actions: bool) -> pd.DataFrame:
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
            "value": np.linspace(30.0, 70.0, ROWS),
            "plan": np.where(np.arange(ROWS) < 20, "rare", "usual"),
            "x": x,
            **{f"mu_{name}": 0.5 for name in ("control", *ACTIONS)},
        }
    )


def _with_factors(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with what goes with leaving, looking back: contacts above 8 minutes, low scores, paper bills."""
    generator, left = np.random.default_rng(8), rows["churned"].to_numpy()
    longer = generator.random(ROWS) < np.where(left == 1, 0.8, 0.2)
    paper = np.where(generator.random(ROWS) < 0.4 + 0.3 * left, "yes", "no")
    return rows.assign(
        minutes=np.where(generator.random(ROWS) < 0.1, np.nan, generator.uniform(0, 8, ROWS) + 8 * longer),
        score_after_sales=generator.normal(7 - left, 2),
        paper=paper,
        noise=generator.normal(size=ROWS),
    )


def earliness() -> dict[str, Any]:
    """How early a model of many themes knows; of one nothing is known 90 days ahead, of another nothing at all."""
    days = [0, 14, 30, 60, 90]
    themes: dict[str, list[dict[str, Any]]] = {
        theme: [_early(day, round(0.5 + height * (1 - day / 150), 4)) for day in days]
        for theme, height in {
            "all": 0.312,
            "activity": 0.271,
            "experience": 0.262,
            "spending": 0.113,
            "support": 0.255,
            "tenure": 0.021,
            "tone": 0.249,
        }.items()
    }
    themes["support"][-1] = _early(90, None)
    themes["rfm"] = [_early(day, None) for day in days]
    caught = {"days": 90, "contact_share": 0.1, "value": 0.2314, "low": 0.1893, "high": 0.2735}
    return {"days": days, "themes": themes, "caught": caught}


def _early(day: int, value: float | None) -> dict[str, Any]:
    ends = (None, None) if value is None else (round(value - 0.0212, 4), round(value + 0.0212, 4))
    return {"days": day, "value": value, "low": ends[0], "high": ends[1]}


def judged(*, with_actions: bool, constant: bool = False) -> dict[str, Any]:
    """What the evaluation says of a tiny world, by the code that really says it; of a constant model, if asked."""
    generator = np.random.default_rng(7)
    rows = rows_of(generator, with_actions=with_actions)
    rows["spent"] = 10.0 + 2.0 * (rows["arm"] == "call") + np.random.default_rng(8).normal(size=ROWS)
    cohort, x = Cohort(rows, spec_of(with_actions=with_actions)), rows["x"].to_numpy()
    uplift = {"call": x, "coupon": generator.normal(size=ROWS)} if with_actions else {}
    floor = Predictions(0 * x, 0 * x + 0.5, uplift)
    model = floor if constant else Predictions(x, 1 / (1 + np.exp(-x)), uplift)
    left = rows["churned"][cohort.untreated]
    factors = _with_factors(rows)
    found = {
        "spec": cohort.spec.model_dump(mode="json"),
        "cohort": {
            "hash": cohort.digest,
            "rows": ROWS,
            "customers": ROWS,
            "dates": [],
            "untreated_rows": len(left),
            "positives": int(left.sum()),
            "churned_share": float(left.mean()),
            "in_trial": int(cohort.in_trial.sum()),
        },
        "simple_scores": model_figures.simple_scores(cohort, model),
        "risk": model_figures.risk(cohort, model, floor),
        "curves": model_figures.curves(cohort, model),
        "uplift": {
            "measured": with_actions,
            "trial": arm_differences.differences(rows, cohort.actions, 1.0 - rows["churned"].to_numpy())
            if with_actions
            else {},
            "outcomes": outcomes_report(cohort, model, rows, [SPENT]) if with_actions else {},
            "randomisation": RANDOMISED if with_actions else {},
            "actions": model_figures.effects(cohort, model),
        },
        "policy": policy_report(cohort, model) if with_actions else {},
        "cost_of_churn": churn_cost_report(cohort),
        "levels": cut_earnings(cohort, model.probability, best_of_training=(0.153, 0.304)),
        "slices": model_figures.slices(cohort, model),
        "drivers": [asdict(one) for one in drivers(factors[cohort.untreated], CONTRACT, THEMES)],
        "earliness": earliness() if with_actions else {},
        "importance": [{"name": "x", "meaning": "The only thing known", "share": 1.0}],
        "checks": CHECKS,
        "lineage": {
            "tables": {"extracted_at": None, "rows": {"customers": 4_321}, "reconciled": RECONCILED},
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
    return claims.with_claims(found, randomised=with_actions)


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

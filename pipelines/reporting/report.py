"""report.html: what the evaluation found, as one page for people that needs nothing beside itself."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pipelines.reporting import (
    about,
    charts_risk,
    charts_uplift,
    drivers,
    earliness,
    earnings,
    effects,
    in_short,
    lottery,
    other_outcomes,
    slices,
    summary,
    tables,
    terms,
)
from pipelines.reporting.about import About
from pipelines.reporting.charts import Chart
from pipelines.reporting.pages import page

# Contributions are taken over this many rows of the gate cohort: more would not move a bar visibly.
IMPORTANCE_ROWS = 2000


def render(found: dict[str, Any], told: About | None = None) -> str:
    """The page of a report.json; equal reports give equal text. It reads its templates and nothing else.

    told is what stands on top of it, None where nothing was decided on the model as yet.
    """
    glossary = terms.of_report(found, standing=effects.standing(found))
    parts = _parts(json.dumps(found))
    return page("report.html.j2", glossary, found=found, about=told or about.of_report(found, None), **parts)


@lru_cache(maxsize=1)  # a run writes the page of one report twice, with a verdict each
def _parts(report: str) -> Mapping[str, Any]:
    """What the template places: answers, charts and tables. report is the text of a report.json."""
    found = json.loads(report)
    measured, randomised = found["uplift"]["measured"], effects.is_randomised(found)
    label, factors = found["spec"]["label"], drivers.drivers(found)
    return {
        "standing": effects.standing(found),
        "effects": effects.effects(found),
        "lottery": lottery.lottery(found) if randomised else "",
        "observations": summary.observations(found),
        "together": effects.together(found),
        "why_observational": effects.why_observational(found) if measured and not randomised else "",
        "observed": effects.observed(found) if measured and not randomised else [],
        "shares": summary.shares(found),
        "trust": in_short.trust(found),
        "quality": in_short.quality(found),
        "strongest": in_short.strongest(factors, bad=label["bad"], good=label["good"]),
        "answers": summary.answers(found),
        "accepted": summary.accepted(found["checks"]),
        "balanced": tables.balanced(found),
        "risk_charts": charts_risk.charts(found),
        "rankings": effects.rankings(found) if randomised else (),
        "trial": effects.trial(found) if randomised else [],
        "other_outcomes": other_outcomes.other_outcomes(found) if randomised else [],
        "effect_charts": _effect_charts(found) if randomised else [],
        "earned": effects.earned(found) if randomised else None,
        "rivals": effects.rivals(found) if randomised else [],
        "advice": effects.advice(found) if randomised else "",
        "limited": effects.is_limited(found) if randomised else False,
        "cost": earnings.cost(found),
        "profits": earnings.profits(found),
        "campaign": earnings.campaign(found),
        "break_even": earnings.break_even(found),
        "risk_slices": slices.of_risk(found),
        "effect_slices": slices.of_effects(found) if randomised else None,
        "drivers": factors,
        "earliness": earliness.earliness(found),
        "figures": tables.figures(found),
        "importance": tables.importance(found),
        "importance_rows": min(IMPORTANCE_ROWS, found["cohort"]["rows"]),
        "lineage": tables.lineage(found),
    }


def _effect_charts(found: dict[str, Any]) -> list[Chart]:
    good = found["spec"]["label"]["good"]
    actions = enumerate(found["uplift"]["actions"].items())
    return [
        chart
        for place, (action, effect) in actions
        for chart in charts_uplift.charts(effect, action=action, place=place, good=good)
    ]

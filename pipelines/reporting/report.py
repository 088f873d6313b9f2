"""report.html: the results of the evaluation as one self-contained HTML page."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pipelines.reporting import (
    charts_risk,
    charts_uplift,
    cut_earnings,
    drivers,
    earliness,
    earnings,
    effects,
    in_short,
    lineage,
    other_outcomes,
    page_header,
    randomisation_words,
    slices,
    summary,
    tables,
    terms,
)
from pipelines.reporting.charts import Chart
from pipelines.reporting.page_header import PageHeader
from pipelines.reporting.pages import page

# Importances are averaged over this many rows of the gate cohort: more would not change a bar visibly.
IMPORTANCE_ROWS = 2000


def render(found: dict[str, Any], header: PageHeader | None = None) -> str:
    """The page of a report.json; equal reports give equal text. It reads its templates and nothing else.

    header is the page's header, None where the gate has not decided on the model yet.
    """
    glossary = terms.of_report(found, effect_evidence=effects.effect_evidence(found))
    parts = _parts(json.dumps(found))
    return page("report.html.j2", glossary, found=found, header=header or page_header.of_report(found, None), **parts)


@lru_cache(maxsize=1)  # a run writes the page of one report twice, with a verdict each
def _parts(report: str) -> Mapping[str, Any]:
    """The variables of the template: answers, charts and tables. report is the text of a report.json."""
    found = json.loads(report)
    measured, randomised = found["uplift"]["measured"], effects.is_randomised(found)
    label, factors = found["spec"]["label"], drivers.drivers(found)
    return {
        "effect_evidence": effects.effect_evidence(found),
        "effects": effects.effects(found),
        "randomisation": randomisation_words.supported(found) if randomised else "",
        "observations": summary.observations(found),
        "family_sentence": effects.family_sentence(found),
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
        "simple_policies": effects.simple_policies(found) if randomised else [],
        "advice": effects.advice(found) if randomised else "",
        "limited": effects.is_limited(found) if randomised else False,
        "cost": earnings.cost(found),
        "profits": earnings.profits(found),
        "campaign": earnings.campaign(found),
        "break_even": earnings.break_even(found),
        "levels": cut_earnings.levels(found),
        "risk_slices": slices.of_risk(found),
        "effect_slices": slices.of_effects(found) if randomised else None,
        "drivers": factors,
        "most_of_a_theme": drivers.MOST_OF_A_THEME,
        "window": drivers.look_back(found, factors),
        "earliness": earliness.earliness(found),
        "figures": tables.figures(found),
        "importance": tables.importance(found),
        "texts": tables.worth_of_texts(found),
        "importance_rows": min(IMPORTANCE_ROWS, found["cohort"]["rows"]),
        "lineage": lineage.lineage(found),
    }


def _effect_charts(found: dict[str, Any]) -> list[Chart]:
    good = found["spec"]["label"]["good"]
    actions = enumerate(found["uplift"]["actions"].items())
    return [
        chart
        for place, (action, effect) in actions
        for chart in charts_uplift.charts(effect, action=action, place=place, good=good)
    ]

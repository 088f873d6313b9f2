"""decision.html: a decision of the gate as one self-contained HTML page."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from pipelines.messages import numbers
from pipelines.reporting import (
    decision_charts,
    decision_looks,
    decision_words,
    differences,
    freeze_words,
    page_header,
    rules_in_words,
    shadow_words,
    simple_score_pairs,
    slice_pairs,
    terms,
)
from pipelines.reporting.auc_grades import grade
from pipelines.reporting.decision_charts import Names
from pipelines.reporting.page_header import NOTHING, Provenance
from pipelines.reporting.pages import page
from pipelines.ruling import answers

Found = Mapping[str, Any]


def render(decision: Found, *, spec: Found, curves: Found, made: Provenance = NOTHING) -> str:
    """The page of a decision.json; equal decisions give equal text.

    spec is the spec as plain data, curves the result of `comparison.curves`, empty where it is not at hand; made is the
    challenger's origin.
    """
    rows = differences.compared_figures(decision, spec["currency"])
    deciding = differences.deciding(decision, rows) if rows else []
    opponent, observational = decision_words.opponent(decision), answers.is_observational(decision)
    told = decision_words.words(decision, spec)
    curves = {**curves, "gain": {}} if observational and curves else curves
    names = Names(f"version {decision['challenger_version']}", opponent)
    shows_actions = any(row.metric in ("QINI", "Policy value") for row in rows)
    glossary = terms.of_decision(spec, with_actions=shows_actions)
    return page(
        "decision.html.j2",
        glossary,
        explained={word for one in glossary for word in (one.name, *one.also)},
        decision=decision,
        header=page_header.of_decision(decision, told, made=made),
        spec=spec,
        told=told,
        verdict_word=answers.verdict_of(decision),
        observational=observational,
        frozen=freeze_words.notice(decision),
        shadow=shadow_words.notice(decision),
        judged_on=decision_looks.judged_on(decision),
        names=names,
        rows=rows,
        level=next((row.level for row in rows if row.level), ""),
        meanings={row.metric: row.meaning for row in rows},
        deciding=deciding,
        simple_scores=simple_score_pairs.simple_score_lines(decision),
        demanded=decision["gate"].get("beat_floors", False),
        slices=slice_pairs.slice_lines(decision),
        unjudged=slice_pairs.unjudged(decision),
        margin=f"{decision['gate'].get('slice_margin', 0):g}",
        charts=decision_charts.charts(curves, spec, names),
        repeats=decision_words.repeats(decision),
        grade=grade,
        as_gap=_as_gap,
        called=rules_in_words.called,
        in_words=rules_in_words.in_words,
        lineage=_lineage(decision),
    )


def _as_gap(squared: float) -> str:
    """The square root of a squared gap between shares, in points; 0 where it is below 0 by chance."""
    return numbers.alone(sqrt(max(squared, 0.0)), numbers.GAP, standard_error=0.001)


def _lineage(decision: Found) -> list[tuple[str, str]]:
    """The decision's ledger entry, and the hashes of its models, reports and cohort."""
    ledger, look, reports = decision.get("ledger") or {}, decision["look"] or {}, decision.get("reports") or {}
    by, at = decision.get("by"), decision.get("decided_at")
    lines = {
        "Ledger entry": numbers.count(ledger["number"]) if ledger else "",
        "Entry hash": ledger.get("hash"),
        "Decided": numbers.moment(at) if at else "",
        "By": by,
        "Challenger's model": decision.get("model_digest"),
        "Challenger's report": reports.get("challenger"),
        "Champion's report": reports.get("champion"),
        "Gate cohort": look.get("cohort"),
        "Question": decision.get("question"),
    }
    return [(name, text) for name, text in lines.items() if text]

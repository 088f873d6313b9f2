"""`effect`: whether rounds of contacts helped, as plain data."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import sqlalchemy as sa

from experiments.effects import claim, family
from experiments.effects.claim import BeforeAndAfter
from experiments.sections.cost_of_churn import CostOfChurnSpec
from experiments.spec import ExperimentSpec
from features.errors import UsageError
from pipelines.outreach.feedback import effect_lines, round_rows
from pipelines.outreach.feedback.effect_lines import ALL, CLAIMED
from pipelines.reporting import catalogue
from pipelines.workspace import Workspace

_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*%\s*"
_FIGURES = re.compile(rf"(?P<what>[^=\n]+)=(?:{_NUMBER}:{_NUMBER}|\s*(?P<change>[+-]\d+(?:\.\d+)?)\s*%)")


def figures(
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, *, at: date, before_and_after: Sequence[str] = ()
) -> dict[str, Any]:
    """What effect.json holds: rounds, what was done of them, the lines, the family, and refused figures."""
    found = round_rows.read(spec, workspace, engine, at=at)
    remarks, terms = list(found.remarks), spec.cost_of_churn
    if terms is None:
        terms = CostOfChurnSpec(acquisition_cost=0.0)
        remarks.append(catalogue.of_page("effect").english("no_cost_of_churn"))
    lines = [] if found.rows is None else effect_lines.lines(found.rows, terms)
    claimed = sum(one["claimed"] for one in lines)
    return {
        "spec": spec.name,
        "title": spec.title,
        "currency": spec.currency,
        "at": at.isoformat(),
        "rounds": found.rounds,
        "done": found.done,
        "outside": found.outside,
        "lines": lines,
        "family": {"lines": claimed, "says": family.sentence(claimed), "of": [ALL, *CLAIMED]},
        "churn": terms.model_dump(),
        "refused": [refused(one) for one in before_and_after],
        "remarks": remarks,
    }


def refused(said: str) -> dict[str, Any]:
    """Figures before and after, such as 'retention=68%:81%' or 'renewals=+37%', and why they are no effect.

    Raises UsageError for what is neither.
    """
    found = _FIGURES.fullmatch(said.strip())
    if found is None:
        raise UsageError(
            f"--before-and-after '{' '.join(said.split())}' is none; write 'retention=68%:81%' or 'renewals=+37%'."
        )
    before, after = (None if one is None else float(one) / 100 for one in found.group(2, 3))
    change = None if found["change"] is None else float(found["change"]) / 100
    verdict = claim.before_and_after(BeforeAndAfter(found["what"].strip(), before, after, change))
    return {"said": said, **asdict(verdict), "missing": list(verdict.missing)}

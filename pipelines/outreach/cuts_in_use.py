"""The cuts of risk levels in use: those of the spec, or those that were derived for the champion that serves."""

import json
from collections.abc import Mapping

from experiments.money import risk_levels
from experiments.money.risk_levels import RiskCuts
from experiments.sections.score import ScoreSpec
from pipelines.models.provenance import RISK_CUTS


def of_version(asked: ScoreSpec, tags: Mapping[str, str]) -> RiskCuts:
    """The cuts by a spec's section and a version's tags, which hold derived ones."""
    derived = json.loads(tags[RISK_CUTS]) if tags.get(RISK_CUTS) else None
    return risk_levels.in_use(asked, None if derived is None else (derived[0], derived[1]))

"""The cuts in use: the spec's, or those of the champion's tag; levels by segment; segments that do not exist."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.money.risk_levels import RiskCuts
from experiments.sections.score import ScoreSpec
from experiments.spec import ExperimentSpec
from features.contract import Contract
from features.errors import SpecError
from features.feature import FeatureColumn
from pipelines.models import provenance
from pipelines.outreach import columns, cuts_in_use
from pipelines.specs import levels_of_segments, references
from pipelines.specs.references import KnownColumns
from pipelines.stages.score import rank
from tests.pipelines.reporting.report_world import spec_of
from tests.pipelines.stages.test_score import customers
from tests.pipelines.stages.test_score import spec as costly

BY_PLAN = {"by": "plan", "cuts": {"basic": {"medium_from": 0.3, "high_from": 0.6}}}
CONTRACT = Contract(
    (FeatureColumn("plan", "The plan", type="category", categories=("basic", "plus")), FeatureColumn("n", "A number"))
)


def report(origin: str) -> dict[str, Any]:
    return {"levels": {"in_use": {"medium_from": 0.04, "high_from": 0.07, "origin": origin}}}


def test_derived_cuts_go_by_the_tag_and_the_spec_goes_before_them() -> None:
    tags = provenance.risk_cuts(report("highest expected profit"))
    assert cuts_in_use.of_version(ScoreSpec(), tags).text == "0.04/0.07 (highest expected profit)"
    assert cuts_in_use.of_version(ScoreSpec(medium_from=0.2, high_from=0.3), tags).text == "0.2/0.3 (spec)"
    for nothing in ({}, report("spec"), report("default")):
        assert provenance.risk_cuts(nothing) == {}
    for untold in ({}, {provenance.RISK_CUTS: ""}):
        assert cuts_in_use.of_version(ScoreSpec(), untold).text == "0.1/0.25 (default)"


def test_rows_have_the_level_of_their_segment_and_none_without_a_score() -> None:
    cuts = cuts_in_use.of_version(ScoreSpec(**BY_PLAN), {})
    rows = pd.DataFrame({"plan": ["basic", "plus", None, "never seen", "basic"]})
    found = columns.levels(rows, np.array([0.25, 0.25, 0.25, 0.1, np.nan]), cuts)
    assert found.tolist() == ["low", "high", "high", "medium", None]
    for segments in (rows.astype("category"), rows.convert_dtypes()):
        assert columns.levels(segments, np.array([0.25, 0.25, 0.25, 0.1, np.nan]), cuts).tolist() == found.tolist()


def test_the_list_has_the_cuts_by_which_each_level_is_one() -> None:
    rows, scored = customers()
    rows = rows.assign(plan=np.where(np.arange(len(rows)) % 2, "basic", "plus"))
    used = RiskCuts(0.1, 0.25, "spec", "plan", {"basic": (0.3, 0.6)})
    listed = rank(rows, scored, spec=costly(), version="1", cuts=used).merge(rows, on="customer_id")
    p, basic = listed["churn_probability"], listed["plan"] == "basic"
    assert listed["high_from"].equals(pd.Series(np.where(basic, 0.6, 0.25), name="high_from"))
    assert ((listed["risk_band"] == "high") == (p >= listed["high_from"])).all()
    assert ((listed["risk_band"] == "low") == (p < listed["medium_from"])).all()


def test_why_an_action_stands_beside_it_and_not_where_none_can_be_recommended() -> None:
    rows, scored = customers()

    def why(action: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({"why_action_en": [f"why {one}" for one in action]})

    listed = rank(rows, scored, spec=costly(), version="1", why=why)
    assert (listed["why_action_en"] == "why " + listed["action"]).all()
    assert "why_action_en" not in rank(rows, scored, spec=costly(), version="1", uplift="observational", why=why)
    assert "why_action_en" not in rank(rows, scored, spec=costly(), version="1")


def spec(**score: Any) -> ExperimentSpec:
    return spec_of(with_actions=False).model_copy(
        update={
            "score": ScoreSpec(**score),
            "evaluation": spec_of(with_actions=False).evaluation.model_copy(update={"slices": {}, "floors": {}}),
        }
    )


@pytest.mark.parametrize(
    ("score", "says"),
    [
        ({**BY_PLAN, "by": "plans"}, "score.by: there is no column 'plans'; there are"),
        ({**BY_PLAN, "by": "n"}, "score.by: 'n' holds numbers, which are no segments"),
        ({"by": "plan", "cuts": {"Basic": {}}}, r"score.cuts: 'plan' has no \['Basic'\]; it has \['basic', 'plus'\]"),
        ({**BY_PLAN, "by": "later"}, "score.by: there is no column 'later'"),
    ],
)
def test_a_segment_that_is_not_there_is_refused_early(score: dict[str, Any], says: str) -> None:
    known = KnownColumns({"plan": False, "n": True, "later": False}, {"plan": ("basic", "plus")}, frozenset({"later"}))
    with pytest.raises(SpecError, match=says):
        references.check(spec(**score), known)


def test_segments_are_values_that_the_data_hold() -> None:
    levels_of_segments.check(spec(), CONTRACT)
    levels_of_segments.check(spec(**BY_PLAN), CONTRACT)
    with pytest.raises(SpecError, match=r"spec 'tiny': score.cuts: 'plan' has no \['gold'\]; it has"):
        levels_of_segments.check(spec(by="plan", cuts={"gold": {}}), CONTRACT)
    with pytest.raises(
        SpecError, match=r"score.by: 'n' is no category among the model's columns; there are \['plan'\]"
    ):
        levels_of_segments.check(spec(by="n", cuts={"gold": {}}), CONTRACT)

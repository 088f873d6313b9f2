"""Whether there are rows enough is told in numbers and in the label's words, before anything is fitted."""

import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.rows import split
from experiments.rows.gate_dates import closed_before, judging_dates
from experiments.rows.minimum_sizes import FEWEST_OF_AN_OUTCOME
from experiments.sections.label import LabelSpec
from experiments.sections.split import SplitSpec
from experiments.spec import ExperimentSpec
from features.errors import DataError
from pipelines.matrix import enough
from tests.specs import REQUIRED, trial_spec

WORDS = {"kind": "column", "bad": "did not buy again", "good": "bought again"}


def plain_spec(**changes: Any) -> ExperimentSpec:
    plain = {
        **REQUIRED,
        "name": "shop",
        "title": "A shop",
        "source": {"kind": "table"},
        "label": WORDS,
        "split": {"kind": "random"},
    }
    return ExperimentSpec.model_validate({**plain, **changes})


def table(rows: int, left: int, *, arm: str | None = None) -> pd.DataFrame:
    churned = np.zeros(rows)
    churned[:left] = 1
    names = [f"c{n}" for n in range(rows)]
    return pd.DataFrame({"customer_id": names, "as_of": pd.NaT, "churned": churned, "arm": arm})


def test_a_rare_outcome_is_told_in_the_words_of_the_label() -> None:
    with pytest.raises(DataError) as refused:
        enough.check_rows(plain_spec(), table(6005, 5998))
    assert str(refused.value) == (
        "spec 'shop': of 6,005 rows 7 bought again (0.1 %), of the 1,201 in the gate cohort 1: too few to learn or"
        " judge by. 5 customers who bought again are needed in the gate cohort to measure anything, so about 25 in all,"
        " and 100 rows of them there to promote (gate.minimum_positives); give it more rows, or a label by which more"
        " bought again."
    )


def test_thirteen_leavers_are_too_few_and_the_gate_cohort_can_be_made_larger() -> None:
    with pytest.raises(
        DataError, match=r"13 left \(0.9 %\), of the 300 in the gate cohort 3: .*; raise split.gate_share"
    ):
        enough.check_rows(plain_spec(label={"kind": "column"}), table(1500, 13))


@pytest.mark.parametrize("left", [0, 300])
@pytest.mark.parametrize("spec", [plain_spec(), trial_spec(label=WORDS)], ids=["no actions", "a trial"])
def test_a_label_of_one_outcome_is_told_without_a_word_of_arms(spec: ExperimentSpec, left: int) -> None:
    word = "bought again" if left else "did not buy again"
    with pytest.raises(
        DataError, match=f"of 300 rows none {word}: {left} did not buy again and {300 - left}"
    ) as refused:
        enough.check_rows(spec, table(300, left, arm="control"))
    assert not re.search(r"\barm\b|control|fold", str(refused.value))


def test_without_actions_no_fold_speaks_of_arms() -> None:
    rows = table(400, 30)
    with pytest.raises(DataError, match=r"there are .* rows to judge in fold 1, of which .* in all 30 left") as refused:
        enough.check_rows(plain_spec(label={"kind": "column"}, split={"kind": "random", "folds": 60}), rows)
    assert "arm" not in str(refused.value)


@pytest.mark.parametrize("left", range(6, 60))
def test_what_passes_has_enough_of_the_rarer_outcome_in_the_gate_cohort(left: int) -> None:
    spec, rows = plain_spec(), table(900, left)
    found = split.split(rows, spec=spec.split, label=spec.label)
    in_gate = int(rows["churned"].to_numpy()[found.gate].sum())
    if in_gate < FEWEST_OF_AN_OUTCOME:
        with pytest.raises(DataError, match=f"of 900 rows {left} did not .* in the gate cohort {in_gate}: too few"):
            enough.check_rows(spec, rows)
    else:
        counted = enough.check_rows(spec, rows)
        assert counted.rows == f"{left} of 900 ({100 * left / 900:.1f} %)"
        assert counted.in_gate.startswith(f"{in_gate} of {len(found.gate)} (")


@pytest.mark.parametrize(("left", "lacks"), [(400, True), (600, False)])
def test_what_the_gate_will_find_too_few_is_said_before_the_search(left: int, lacks: bool) -> None:
    counted = enough.check_rows(plain_spec(), table(4000, left))
    assert ("INSUFFICIENT_DATA: the gate cohort holds 80 rows of the rarer" in counted.remark) == lacks
    assert bool(counted.remark) == lacks


def test_the_remark_counts_the_rarer_outcome_of_each_arm() -> None:
    arms = [table(600, 200, arm="control"), table(600, 30, arm="call"), table(600, 300, arm="coupon")]
    rows = pd.concat(arms, ignore_index=True)
    rows["customer_id"] = [f"c{n}" for n in range(len(rows))]
    counted = enough.check_rows(trial_spec(gate={"minimum_positives": 10}, split={"kind": "random"}), rows)
    assert "of the rarer outcome in control 40, call 6, gate.minimum_events_per_arm is 50" in counted.remark
    assert counted.rows == "200 of 600 without action (33.3 %)"


@pytest.mark.parametrize("said", [None, *range(1, 14)])
@pytest.mark.parametrize("folds", [2, 3])
@pytest.mark.parametrize("window_days", [20, 75])
def test_where_dates_suffice_every_fold_has_dates_to_fit_on_and_else_the_remedy_works(
    said: int | None, folds: int, window_days: int
) -> None:
    dates = pd.date_range("2024-01-01", periods=12, freq="MS")
    rows = pd.DataFrame([(f"c{n}", day, n % 2, None) for day in dates for n in range(40)])
    rows.columns = pd.Index(["customer_id", "as_of", "churned", "arm"])
    label = LabelSpec(kind="cancelled", horizon_days=window_days)

    def divided(gate_dates: int | None) -> split.Split:
        return split.split(rows, spec=SplitSpec(kind="time", gate_dates=gate_dates, folds=folds), label=label)

    def works(gate_dates: int) -> bool:
        with suppress(DataError):
            return all(len(fold.fit) and len(fold.judge) for fold in divided(gate_dates).folds)
        return False

    most = max(n for n in range(1, 14) if works(n))
    if said is not None and said > most:
        with pytest.raises(DataError, match=f"12 mature .* too few.* Lower split.gate_dates to {most}"):
            divided(said)
    found = divided(min(said or most, most))
    assert all(len(fold.fit) and len(fold.judge) for fold in found.folds)


def test_a_quarter_of_the_dates_judges_only_where_the_folds_keep_dates_to_fit_on() -> None:
    dates = pd.date_range("2024-01-01", periods=12, freq="MS").to_numpy()
    window = timedelta(days=150)
    judged = judging_dates(dates, SplitSpec(kind="time", folds=2), window)
    learnt = closed_before(dates, dates[-judged], window)
    assert len(closed_before(dates, learnt[-2], window))

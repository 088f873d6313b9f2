"""What every kind of drift must do; a new file in `evaluation/monitoring/kinds` is tested by being there."""

import numpy as np
import pytest

from experiments.evaluation.monitoring import kinds
from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import DriftKind
from features.plugins import discover, names
from tests.experiments.evaluation.monitoring.months import stable

KINDS = discover(kinds, DriftKind)


def test_each_kind_is_named_like_its_module() -> None:
    assert list(KINDS) == names(kinds)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_it_says_what_it_measures_in_which_unit_and_what_to_look_at(kind: DriftKind) -> None:
    assert kind.meaning.endswith(".")
    assert kind.threshold > 0
    assert kind.unit
    assert kind.remedy.startswith("look ")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_month_without_anything_has_no_change(kind: DriftKind) -> None:
    assert list(kind.measure(MonthSeen())) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_each_change_has_an_interval_around_it_and_a_chance_and_says_both_sides(kind: DriftKind) -> None:
    month = stable(np.random.default_rng(0))
    found = list(kind.measure(month))
    watched = {
        "features": [one.name for one in month.features],
        "predictions": [one.name for one in month.predictions],
        "volumes": [one.name for one in month.volumes],
        "tables": [one.table for one in month.ages],
        "actions": [one.action for one in month.realised],
    }
    assert found
    for one in found:
        assert one.low <= one.effect <= one.high
        assert 0 <= one.p <= 1
        assert one.name in kind.names(watched)
        assert one.subject.startswith(one.name)
        assert any(letter.isdigit() for letter in one.words)
    assert found == list(kind.measure(month))

import numpy as np
import pytest

from experiments.checks.l006_constant_in_training import constant_in_training
from experiments.leaks.check import LeakEvidence
from tests.experiments.checks.worlds import clean, with_column


def of(world: LeakEvidence, learnt: float, judged: float, share: float) -> LeakEvidence:
    """A column that is `learnt` everywhere but in a share of the gate cohort, where it is `judged`."""
    size = len(world.gate.y)
    gate = np.where(np.arange(size) < round(share * size), judged, learnt)
    return with_column(world, np.full(len(world.training.y), learnt), gate)


def planted(seed: int) -> LeakEvidence:
    """Use against last year, of which training has none yet."""
    return of(clean(seed), np.nan, 1.0, 0.3)


@pytest.mark.parametrize(("learnt", "judged"), [(np.nan, 1.0), (0.0, 1.0), (1.0, np.nan)])
def test_what_training_never_saw_is_told_with_its_share(learnt: float, judged: float) -> None:
    (finding,) = constant_in_training.examine(of(clean(1), learnt, judged, 0.3))
    assert (finding.subject, finding.measured) == ("planted", pytest.approx(0.3, abs=0.01))


def test_a_column_that_is_constant_everywhere_or_nearly_so_is_no_news() -> None:
    for share in (0.0, 0.009):
        assert not constant_in_training.examine(of(clean(2), 5.0, 6.0, share))

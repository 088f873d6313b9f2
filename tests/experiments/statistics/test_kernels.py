"""Compiled loops change how long it takes, and nothing else. The conformance suite asks each to equal its metric."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.metric import Numbers
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.autoc import METRIC as AUTOC
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.metrics.qini import METRIC as QINI
from experiments.statistics import intervals, kernels
from experiments.statistics.intervals import estimate, multiplicities
from experiments.statistics.poisson import Clusters, Counts
from experiments.uplift.uplift_curves import gain_curve, uplift_groups


def trial(n_rows: int = 900) -> tuple[Numbers, Numbers, Counts, Clusters]:
    """Rows with ties, of customers with several rows each, one draw without any."""
    rng = np.random.default_rng(9)
    clusters = rng.integers(0, n_rows // 3, n_rows)
    counts = multiplicities(n_clusters=n_rows // 3, draws=101, seed=2).copy()
    counts[40] = 0
    effect = rng.normal(size=n_rows)
    return 0.1 + effect + rng.normal(size=n_rows), np.round(effect, 1), counts, clusters


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Treats any number of rows as very many."""
    monkeypatch.setattr(intervals, "MANY_CELLS", 0)
    return monkeypatch


def test_estimates_of_very_many_rows_are_the_same_but_for_rounding(many: pytest.MonkeyPatch) -> None:
    gamma, uplift, counts, clusters = trial()
    fast = estimate(QINI, gamma, uplift, counts=counts, clusters=clusters)
    of_rows = estimate(QINI, gamma[:300], uplift[:300], counts=counts)
    many.setattr(intervals, "MANY_CELLS", 1 << 60)
    slow = estimate(QINI, gamma, uplift, counts=counts, clusters=clusters)
    assert fast.point == slow.point
    np.testing.assert_allclose(fast.values, slow.values, rtol=1e-9)
    np.testing.assert_allclose(of_rows.values, estimate(QINI, gamma[:300], uplift[:300], counts=counts).values, 1e-9)
    assert np.flatnonzero(np.isnan(fast.values)).tolist() == [40]


def test_gain_curves_of_very_many_rows_are_the_same_but_for_rounding(many: pytest.MonkeyPatch) -> None:
    gamma, uplift, counts, clusters = trial()
    shares = np.array([0.5, 0.0, 0.013, 1.0, 0.31, 0.31])
    for more in ({}, {"shares": shares}):
        many.setattr(intervals, "MANY_CELLS", 0)
        fast = gain_curve(gamma, uplift, counts=counts, clusters=clusters, **more)
        many.setattr(intervals, "MANY_CELLS", 1 << 60)
        slow = gain_curve(gamma, uplift, counts=counts, clusters=clusters, **more)
        for name in ("share", "value", "low", "high"):
            np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=1e-9, atol=1e-12)


def test_groups_of_very_many_rows_are_the_same_but_for_rounding(many: pytest.MonkeyPatch) -> None:
    gamma, uplift, counts, clusters = trial()
    fast = uplift_groups(gamma, uplift, counts=counts, clusters=clusters)
    many.setattr(intervals, "MANY_CELLS", 1 << 60)
    slow = uplift_groups(gamma, uplift, counts=counts, clusters=clusters)
    assert [(one.rank, one.n_rows, one.predicted) for one in fast] == [
        (one.rank, one.n_rows, one.predicted) for one in slow
    ]
    for one, other in zip(fast, slow, strict=True):
        assert (one.observed.low, one.observed.high) == pytest.approx((other.observed.low, other.observed.high))


@pytest.mark.usefixtures("many")
def test_the_same_draws_give_the_same_bits() -> None:
    gamma, uplift, counts, clusters = trial()
    for metric, inputs in ((AUC, (gamma > 0, uplift)), (AUTOC, (gamma, uplift)), (POLICY_VALUE, (gamma,))):
        runs = [estimate(metric, *inputs, counts=counts, clusters=clusters).values for _ in range(2)]
        # How the draws lie in memory, and how many there are, must not matter either.
        runs.append(estimate(metric, *inputs, counts=np.asfortranarray(counts), clusters=clusters).values)
        assert runs[0].tobytes() == runs[1].tobytes() == runs[2].tobytes()
        few = estimate(metric, *inputs, counts=counts[:7], clusters=clusters).values
        assert few.tobytes() == runs[0][:7].tobytes()


@pytest.mark.usefixtures("many")
def test_a_constant_uplift_gives_exactly_0_in_every_draw() -> None:
    gamma, _, counts, clusters = trial()
    for metric in (QINI, AUTOC):
        values = estimate(metric, gamma, np.full(900, 0.1), counts=counts, clusters=clusters).values
        assert not np.delete(values, 40).any()


@pytest.mark.usefixtures("many")
def test_identical_models_differ_by_exactly_nothing() -> None:
    gamma, uplift, counts, clusters = trial()
    ours, theirs = (estimate(AUTOC, gamma, uplift, counts=counts, clusters=clusters) for _ in range(2))
    gap = (ours - theirs).interval()
    assert gap.low == gap.value == gap.high == gap.standard_error == 0


def test_what_needs_no_kernel_brings_no_numba(root: Path) -> None:
    """The command line, a comparison and a small bootstrap do without the second that numba takes to import."""
    words = (
        "import sys, numpy as np; import pipelines.cli, experiments.evaluation.comparison;"
        "from experiments.statistics.intervals import estimate, multiplicities;"
        "from experiments.metrics.qini import METRIC;"
        "estimate(METRIC, np.arange(2000.0), np.arange(2000.0),"
        " counts=multiplicities(n_clusters=2000, draws=1000, seed=0));"
        "sys.exit('numba' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", words], cwd=root, check=True)


def test_a_loop_that_cannot_be_kept_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    place: dict = {}
    exec("def twice(number):\n    return 2 * number", place)  # noqa: S102 - it has no file to be kept beside
    assert kernels.compiled(place["twice"])(21) == 42


def test_what_is_compiled_is_neither_committed_nor_watched(root: Path) -> None:
    for ignore in (".gitignore", ".dvcignore"):
        assert "__pycache__/" in (root / ignore).read_text().splitlines()

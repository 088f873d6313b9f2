from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from experiments.statistics.change_point import FEWEST_ON_A_SIDE, ChangePoint, change_point, roundest

N_ROWS = 4000


def found(values: np.ndarray, left: np.ndarray) -> ChangePoint | None:
    return change_point(values, left=left, clusters=np.arange(values.size))


def broken(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Minutes of handling, and leaving rates of 12 % up to 8 minutes and 31 % above."""
    rng = np.random.default_rng(seed)
    minutes = rng.gamma(6, 1.1, N_ROWS)
    return minutes, (rng.random(N_ROWS) < np.where(minutes > 8, 0.31, 0.12)).astype(float)


@pytest.mark.parametrize("seed", range(8))
def test_a_planted_break_is_found_where_it_is(seed: int) -> None:
    minutes, left = broken(seed)
    one = found(minutes, left)
    assert one is not None
    assert one.at == pytest.approx(8, abs=0.5)
    assert one.leaving_low == left[minutes <= one.at].mean() == pytest.approx(0.12, abs=0.03)
    assert one.leaving_high == left[minutes > one.at].mean() == pytest.approx(0.31, abs=0.05)


SMOOTH = {
    "nothing": lambda z: -2 + 0 * z,
    "slope": lambda z: -2 + 0.6 * z,
    "steep slope": lambda z: -2 + 1.5 * z,
    "falls and rises": lambda z: -2.5 + 0.5 * z**2,
    "levels off": lambda z: -1 - 2 * np.exp(-np.maximum(z + 2, 0)),
}


@pytest.mark.parametrize("curve", SMOOTH.values(), ids=SMOOTH)
@pytest.mark.parametrize("scale", [lambda z: z, np.exp], ids=["normal", "skewed"])
@pytest.mark.parametrize("seed", range(4))
def test_a_smooth_curve_has_no_threshold(
    curve: Callable[[np.ndarray], np.ndarray], scale: Callable[[np.ndarray], np.ndarray], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=N_ROWS)
    assert found(scale(z), (rng.random(N_ROWS) < expit(curve(z))).astype(float)) is None


def test_the_cut_is_the_likeliest_of_all_by_brute_force() -> None:
    minutes, left = broken(0)
    one = found(minutes, left)

    def likelihood(cut: float) -> float:
        sides = (left[minutes <= cut], left[minutes > cut])
        return sum(float(np.log(np.where(side == 1, side.mean(), 1 - side.mean())).sum()) for side in sides)

    cuts = np.sort(minutes)[FEWEST_ON_A_SIDE - 1 : -FEWEST_ON_A_SIDE]
    assert one is not None
    assert likelihood(one.at) == pytest.approx(max(likelihood(cut) for cut in cuts))


def test_order_of_the_rows_is_irrelevant() -> None:
    minutes, left = broken(1)
    assert found(minutes, left) == found(minutes[::-1], left[::-1])


def test_customers_repeated_make_no_break() -> None:
    """Of a noise that changes nothing but comes five times, some cut looks like a break to whoever counts rows."""
    breaks = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        customers = np.repeat(np.arange(500), 5)
        values, left = rng.normal(size=500)[customers], (rng.random(500) < 0.2).astype(float)[customers]
        breaks.append((change_point(values, left=left, clusters=customers), found(values, left)))
    assert not any(kept for kept, _ in breaks)
    assert any(as_if_new for _, as_if_new in breaks)


@pytest.mark.parametrize("values", [np.ones(400), np.arange(400) < 40, np.arange(400) % 2])
def test_what_has_no_cut_with_enough_rows_or_no_step_has_no_threshold(values: np.ndarray) -> None:
    assert found(values.astype(float), np.repeat([1.0, 0.0], 200)) is None


def test_a_cut_that_parts_leavers_from_stayers_is_left_to_the_effect() -> None:
    values = np.arange(400.0)
    assert found(values, (values > 250).astype(float)) is None


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_the_roundest_number_parts_the_same_values(low: float, gap: float) -> None:
    assert low <= roundest(low, low + gap) < low + gap


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(7.98, 8.03, 8), (3, 4, 3), (0.1208, 0.128, 0.121), (118, 131, 120), (-0.6, 0.4, 0), (8.1, 8.2, 8.1)],
)
def test_the_roundest_number_by_hand(low: float, high: float, told: float) -> None:
    assert roundest(low, high) == told

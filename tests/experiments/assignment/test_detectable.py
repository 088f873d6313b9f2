"""The detectable effect, against the power of the test that it speaks of."""

import math

import numpy as np
import pytest

from experiments.assignment import detectable


def test_a_round_of_a_thousand_by_hand() -> None:
    # 2.8 sqrt(0.2 * 0.8 * (1/100 + 1/900)) = 2.8 * 0.0422
    assert detectable.effect(0.2, customers=1_000, control=0.1) == pytest.approx(0.1181, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "customers", "control"), [(0.3, 4_000, 0.1), (0.2, 3_000, 0.5), (0.4, 2_000, 0.2)])
def test_an_effect_of_this_size_is_found_in_four_of_five_rounds(rate: float, customers: int, control: float) -> None:
    draw, rounds = np.random.default_rng(0), 4_000
    held = round(control * customers)
    without = draw.binomial(held, rate, rounds) / held
    effect = detectable.effect(rate, customers=customers, control=control)
    acted = draw.binomial(customers - held, rate - effect, rounds) / (customers - held)
    error = np.sqrt(without * (1 - without) / held + acted * (1 - acted) / (customers - held))
    power = (np.abs(without - acted) > 1.96 * error).mean()
    # The formula takes the variance at the rate without an action on both sides, so that it promises too little.
    assert 0.8 - 3 * math.sqrt(0.16 / rounds) <= power <= 0.9


def test_no_control_shows_nothing_and_a_tiny_one_is_said_to() -> None:
    assert detectable.effect(0.2, customers=1_000, control=0.0) == math.inf
    assert detectable.effect(0.2, customers=0, control=0.1) == math.inf
    assert not detectable.can_show(0.05, customers=100, control=0.1)
    assert detectable.can_show(0.2, customers=5_000, control=0.1)

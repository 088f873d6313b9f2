"""The later rounds of a draft learn faster, and are counted by how far they move."""

import numpy as np
import pytest

from experiments.statistics import draft_rate
from experiments.statistics.draft_rate import HIGHEST, UNCHANGED

RATES = (0.03, 0.0612345, 0.1, 0.19, 0.2, 0.5)


@pytest.mark.parametrize("rate", RATES)
def test_a_fit_of_few_rounds_is_what_it_was(rate: float) -> None:
    for rounds in (1, 2, 57, UNCHANGED - 1, UNCHANGED):
        assert draft_rate.rates(rate, rounds) == [rate] * rounds
        assert draft_rate.equal_rounds([rate] * rounds) == rounds


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("rounds", [1, 199, 201, 220, 221, 640, 1728.6, 3000])
def test_a_draft_moves_as_far_as_asked_and_less_than_a_round_further(rate: float, rounds: float) -> None:
    found = draft_rate.rates(rate, rounds)
    assert sum(found) >= rounds * rate * (1 - 1e-7)
    assert sum(found[:-1]) < rounds * rate
    assert draft_rate.equal_rounds(found) == pytest.approx(sum(found) / rate, rel=1e-7)


@pytest.mark.parametrize("rate", RATES)
def test_what_a_draft_says_of_its_rounds_asks_for_as_many_again(rate: float) -> None:
    used = draft_rate.rates(rate, 10_000)
    for drafted in range(1, 1200, 7):
        assert len(draft_rate.rates(rate, draft_rate.equal_rounds(used[:drafted]))) == drafted


def test_a_mean_of_few_rounds_is_rounded() -> None:
    assert len(draft_rate.rates(0.05, 129.4)) == 129
    assert len(draft_rate.rates(0.05, 0.2)) == 1


@pytest.mark.parametrize("rate", RATES)
def test_the_rate_never_falls_and_has_a_bound(rate: float) -> None:
    found = np.array(draft_rate.rates(rate, 3000))
    assert (np.diff(found) >= 0).all()
    assert found.max() <= max(rate, HIGHEST)


def test_a_long_fit_takes_less_than_half_of_its_rounds() -> None:
    assert len(draft_rate.rates(0.05, 2000)) == 883
    assert len(draft_rate.rates(HIGHEST, 2000)) == 2000


def test_by_hand() -> None:
    """After 400 rounds the rate has doubled; steps of 20 rounds in between."""
    found = draft_rate.rates(0.05, 3000)
    assert found[199] == found[219] == 0.05
    assert found[220] == pytest.approx(0.055)
    assert found[400] == pytest.approx(0.1)
    assert found[800] == pytest.approx(0.2)
    assert draft_rate.equal_rounds(found[:240]) == 220 + 20 * 1.1

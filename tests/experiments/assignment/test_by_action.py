"""What the control of a round can show, by hand."""

import math

import pandas as pd
import pytest

from experiments.assignment import detectable


def drawn(size: int, risk: float) -> pd.DataFrame:
    return pd.DataFrame({"proposed": ["call"] * size, "risk": [risk] * size})


def test_by_hand_over_all_who_were_proposed_the_action() -> None:
    found = detectable.by_action(drawn(1_000, 0.2), 0.1)
    assert set(found) == {"call"}
    assert found["call"].effect == pytest.approx(2.8016 * math.sqrt(0.16 * (1 / 100 + 1 / 900)), rel=1e-4)
    assert found["call"].within_a_year


def test_without_a_control_nothing_is_shown() -> None:
    found = detectable.by_action(drawn(1_000, 0.2), 0.0)["call"]
    assert (found.effect, found.within_a_year) == (math.inf, False)
    assert not detectable.by_action(drawn(0, 0.2), 0.1)

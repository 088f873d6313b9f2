"""What the control of a round can show: the same whenever it is asked, from what was written."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from pipelines.outreach import round_draw
from tests.pipelines.outreach.operations.test_rounds import ROUND


def written(size: int, risk: float) -> pd.DataFrame:
    proposed = ["call"] * size + ["none"] * 5
    withheld = [place % 10 == 0 for place in range(size)] + [False] * 5
    return pd.DataFrame({"proposed": proposed, "withheld": withheld, "risk": [risk] * size + [0.9] * 5})


def test_by_hand_over_all_who_were_proposed_the_action() -> None:
    found = round_draw.can_show(replace(ROUND, control=0.1), written(1_000, 0.2))
    assert set(found) == {"call"}
    assert found["call"].effect == pytest.approx(2.8016 * math.sqrt(0.16 * (1 / 100 + 1 / 900)), rel=1e-4)
    assert found["call"].within_a_year


def test_without_a_control_nothing_is_shown() -> None:
    found = round_draw.can_show(replace(ROUND, control=0.0), written(1_000, 0.2))["call"]
    assert (found.effect, found.within_a_year) == (math.inf, False)
    assert not round_draw.can_show(ROUND, written(0, 0.2))

"""Lines held together: Holm and Bonferroni agree with one another, and with what happens in worlds without effects."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.effects.contrast import Contrast
from experiments.effects.family import Line, held, sentence
from experiments.statistics.holm import rejected

FIGURES = st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=1, max_size=8)


def line(z: float, information: float | None = None) -> Line:
    return Line(f"line {z}", Contrast(z, np.array([1.0]), np.inf), information)


@settings(max_examples=200, deadline=None)
@given(FIGURES)
def test_what_the_interval_excludes_holm_rejects(figures: list[tuple[float, bool]]) -> None:
    lines = [line(z, 3.0 if monthly else None) for z, monthly in figures]
    found = held(lines)
    assert [one.different for one in found] == list(rejected([one.p for one in lines], alpha=0.05))
    for one, (z, _) in zip(found, figures, strict=True):
        assert one.interval is not None
        assert one.interval.value == z
        if one.sign:
            assert one.different
            assert one.sign == np.sign(z)


def test_the_intervals_are_bonferronis() -> None:
    found = held([line(3.0), line(0.0), line(-1.0), line(2.0), line(1.0)])
    assert found[0].interval is not None
    assert found[0].interval.level == pytest.approx(0.99)
    assert found[0].interval.low == pytest.approx(3 - 2.5758293)


def test_holm_alone_claims_no_sign() -> None:
    """p = 0.03 beside p = 1e-9 of two: Holm rejects both, the simultaneous interval of the first holds 0."""
    weak = held([line(2.17), line(6.0)])[0]
    assert (weak.different, weak.sign) == (True, 0)


def test_a_line_without_an_estimate_counts_in_the_family() -> None:
    alone, beside = held([line(2.1)])[0], held([line(2.1), Line("pending", None)])
    assert alone.sign == 1
    assert beside[0].sign == 0
    assert (beside[1].p, beside[1].interval, beside[1].different, beside[1].sign) == (1.0, None, False, 0)


def test_no_lines_are_no_claims() -> None:
    assert held([]) == ()


def test_the_page_says_how_many_are_held_together() -> None:
    assert sentence(5).startswith("5 claims are held together by Holm's procedure")
    assert "99.00\u00a0%" in sentence(5)


@pytest.mark.parametrize("true", [0, 2, 4])
def test_all_intervals_hold_together_and_no_claim_is_false(true: int) -> None:
    """Four figures that depend on one another, of which some have large effects, 2,000 times."""
    rng = np.random.default_rng(true)
    effects = np.where(np.arange(4) < true, 4.0, 0.0)
    common = rng.normal(size=(2_000, 1))
    figures = effects + np.sqrt(0.3) * common + np.sqrt(0.7) * rng.normal(size=(2_000, 4))
    outside = false = 0
    for row in figures:
        found = held([line(z) for z in row.tolist()])
        outside += any(
            one.interval is None or not one.interval.low <= effect <= one.interval.high
            for one, effect in zip(found, effects.tolist(), strict=True)
        )
        false += any(one.different and not effect for one, effect in zip(found, effects.tolist(), strict=True))
    most = 2_000 * 0.05 + 3.5 * np.sqrt(2_000 * 0.05 * 0.95)
    assert outside <= most
    assert false <= most

"""The words: each case by hand, never a claim without a control, and figures before and after are refused."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.effects.assigned import NOBODY, Assigned, assigned
from experiments.effects.by_assignment import Effect, effect
from experiments.effects.claim import (
    DRAWN,
    OF_AN_EFFECT,
    PROBABILITIES,
    WITHHELD,
    BeforeAndAfter,
    Verdict,
    before_and_after,
    verdict,
)
from experiments.effects.family import Line, held
from tests.experiments.effects.round_worlds import World, small


def of(rows: Assigned, *, others: int = 0) -> Verdict:
    found = effect(rows, "call")
    lines = [Line("call", found.adjusted), *(Line(f"other {number}", None) for number in range(others))]
    return verdict(found, held(lines)[0])


def test_a_call_that_helps_helps_and_one_that_harms_harms() -> None:
    assert of(World(customers=4_000, call=-1.0).rows(0)).word == "helps"
    assert of(World(customers=4_000, call=0.8).rows(0)).word == "harms"


def test_no_effect_is_not_told_and_the_size_that_would_be_is() -> None:
    found = of(World(customers=800, call=0.0).rows(0))
    assert found.word == "cannot tell"
    assert "show an effect of" in found.because


def test_more_lines_take_more() -> None:
    rows = World(customers=1_200, call=-0.4).rows(1)
    assert of(rows).word == "helps"
    assert of(rows, others=500).word == "cannot tell"


def test_what_only_holm_rejects_is_said_and_not_claimed() -> None:
    rows = World(customers=1_200, call=-0.4).rows(1)
    found = effect(rows, "call")
    assert found.adjusted is not None
    weak = replace(found, adjusted=replace(found.adjusted, value=2.1 * found.adjusted.standard_error))
    sure = replace(found.adjusted, value=1.0)
    line = held([Line("call", weak.adjusted), Line("sure", sure)])[0]
    said = verdict(weak, line)
    assert said.word == "cannot tell"
    assert "Holm" in said.because


def test_before_outcomes_are_known_the_word_is_not_yet() -> None:
    said = of(assigned(small(mature=False)))
    assert (said.word, said.because) == ("not yet", "the outcomes are not known yet: 4 customers are waited for")


@pytest.mark.parametrize("call", [-3.0, 0.0, 3.0])
def test_without_a_control_there_is_no_claim_however_large_the_difference(call: float) -> None:
    rows = World(call=call).rows(0)
    unlogged = replace(rows, probability=np.full(rows.probability.shape, np.nan))
    certain = replace(rows, probability=np.eye(3)[rows.action + 1])
    nobody = rows.where(rows.action != NOBODY)
    assert of(unlogged) == Verdict("no control", "no probability of assignment was logged", (PROBABILITIES,))
    for other in (certain, nobody):
        assert (of(other).word, of(other).missing) == ("no control", (WITHHELD,))


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (BeforeAndAfter("retention", 0.68, 0.81), "retention went from 68% to 81%"),
        (BeforeAndAfter("win-back", change=0.23), "win-back changed by +23%"),
        (BeforeAndAfter("renewals", change=0.37), "renewals changed by +37%"),
        (BeforeAndAfter("retention", before=0.68), "retention changed"),
    ],
)
def test_figures_before_and_after_are_never_an_effect(figures: BeforeAndAfter, said: str) -> None:
    found = before_and_after(figures)
    assert found.word == "no control"
    assert found.because.startswith(said + ":")
    assert found.missing == OF_AN_EFFECT


def test_a_year_before_and_a_year_after_as_rows_are_refused() -> None:
    """68 % stayed before anybody was called, 81 % after everybody was: rows without chance are no control."""
    rng = np.random.default_rng(0)
    size = 2_000
    after = np.arange(size) >= size // 2
    rows = assigned(
        small()
        .iloc[np.zeros(size, dtype=int)]
        .assign(
            round=np.where(after, "2026", "2025"),
            customer=[f"c{number}" for number in range(size)],
            action=np.where(after, "call", "none"),
            p_none=np.where(after, 0.0, 1.0),
            p_call=np.where(after, 1.0, 0.0),
            churned=(rng.random(size) > np.where(after, 0.81, 0.68)).astype(float),
            reached=None,
        )
    )
    said = of(rows)
    assert said.word == "no control"
    assert said.missing == (WITHHELD,)


def test_a_control_that_was_not_drawn_as_logged_is_none() -> None:
    """Whoever was at risk was moved out of the control: those withheld stay more often, and the call seems to harm."""
    rows = World(customers=2_000, call=0.0).rows(0)
    moved = (rows.action == NOBODY) & (rows.risk > np.quantile(rows.risk, 0.8))
    said = of(replace(rows, action=np.where(moved, 0, rows.action)))
    assert said == Verdict("no control", "the assignments do not follow the logged probabilities", (DRAWN,))


def test_probabilities_written_afterwards_are_seen() -> None:
    rows = World(customers=2_000, shares=((0.2, 0.8, 0.0),) * 3).rows(0)
    tenth = np.tile([0.1, 0.9, 0.0], (rows.action.size, 1))
    assert of(replace(rows, probability=tenth)).missing == (DRAWN,)


def test_too_few_leavers_ask_for_more() -> None:
    found: Effect = effect(assigned(small()), "call")
    said = verdict(found, held([Line("call", found.adjusted)])[0])
    assert said.word == "cannot tell"
    assert said.missing == ("more customers, or more rounds",)

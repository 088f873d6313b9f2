"""Who leaves and when: the clock of the world, worked by hand and by brute force."""

from dataclasses import replace
from datetime import date
from itertools import islice, pairwise

import numpy as np
import pytest

from features.sources.simulated import SOURCE, SimulatedOptions
from features.world.arrays import NEVER
from features.world.campaigns import ARMS, effects
from features.world.chapters import Chapter, unfold
from features.world.leaving import hazard, leave_times
from features.world.months import DAY, Month, first_instants, month_at, ordinals_of
from features.world.population import Population, founders

JANUARY = month_at(date(2024, 1, 1), 0)


@pytest.fixture(scope="module")
def chapters() -> list[Chapter]:
    return list(islice(unfold(seed=5, customers=1500, start=date(2024, 1, 1)), 9))


def instant(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def people(*joined: str, is_annual: bool) -> Population:
    size = len(joined)
    drawn = founders(seed=1, customers=100, month=JANUARY)
    kept = {name: getattr(drawn, name)[:size] for name in Population.__dataclass_fields__}
    return Population(
        **kept | {"joined_at": np.array([instant(one) for one in joined]), "is_annual": np.full(size, is_annual)}
    )


def test_a_month_knows_its_bounds() -> None:
    february = month_at(date(2023, 12, 1), 2)
    assert (february.name, february.days, february.index) == ("2024-02", 29, 2)
    assert (february.begins, february.ends) == (instant("2024-02-01"), instant("2024-03-01"))
    assert ordinals_of(first_instants(np.array([february.ordinal]))) == [february.ordinal]


def test_billing_keeps_the_day_and_time_of_joining_but_for_the_last_days_of_a_month() -> None:
    joined = people("2023-11-05T10:30", "2023-10-30T23:00", is_annual=False)
    billed = joined.billed_at(np.full(2, JANUARY.ordinal + 1))
    assert billed.tolist() == [instant("2024-02-05T10:30"), instant("2024-02-24T23:00")]


@pytest.mark.parametrize(("is_annual", "expected"), [(True, [True, False, False]), (False, [True, True, False])])
def test_a_contract_is_renewed_every_month_or_every_twelfth(is_annual: bool, expected: list[bool]) -> None:
    joined = people("2023-01-15", "2023-02-15", "2024-01-15", is_annual=is_annual)
    assert joined.is_renewed_in(JANUARY).tolist() == expected


def test_as_many_join_as_was_asked_for(chapters: list[Chapter]) -> None:
    assert [chapter.population.size for chapter in chapters] == [900 + 25 * (month + 1) for month in range(9)]


def test_leaving_is_a_constant_hazard_within_the_month() -> None:
    crowd = founders(seed=2, customers=60_000, month=JANUARY)
    never = np.full(crowd.size, NEVER)
    left = leave_times(np.full(crowd.size, 0.02), population=crowd, ended_at=never, seed=3, month=JANUARY)
    for day in (1, 10, 31):
        expected = -np.expm1(-0.02 * day)
        share = (left < JANUARY.begins + day * DAY).mean()
        assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / crowd.size)
    again = leave_times(np.full(crowd.size, 0.02), population=crowd, ended_at=left, seed=4, month=JANUARY.next)
    assert np.array_equal(again[left < NEVER], left[left < NEVER])


def test_nobody_leaves_before_joining_or_twice(chapters: list[Chapter]) -> None:
    for chapter in chapters:
        gone = chapter.ended_at < NEVER
        assert (chapter.ended_at[gone] > chapter.population.joined_at[gone]).all()
        was_gone = chapter.ended_before < NEVER
        assert np.array_equal(chapter.ended_at[was_gone], chapter.ended_before[was_gone])


def test_an_action_works_for_three_months_and_only_on_those_who_got_it(chapters: list[Chapter]) -> None:
    assert (chapters[2].effect == 1).all()
    arms, effect = chapters[3].arms, chapters[3].effect
    for chapter in chapters[3:6]:
        assert np.array_equal(chapter.effect[: len(effect)], effect)
    assert (effect[arms <= 0] == 1).all()
    for arm in (1, 2, 3):
        assert np.array_equal(effect[arms == arm], chapters[3].effects[arm, arms == arm])
    assert (chapters[6].effect[chapters[6].arms <= 0] == 1).all()


def test_an_upgrade_helps_nobody_who_is_let_down(chapters: list[Chapter]) -> None:
    last = chapters[-1]
    let_down = replace(last.before, is_let_down=~last.before.is_dormant)
    nobody = replace(last.before, is_let_down=last.before.is_dormant & False)
    theirs, others = (effects(last.population, before=state, month=last.month) for state in (let_down, nobody))
    upgrade, awake = ARMS.index("upgrade"), ~last.before.is_dormant
    assert (theirs[upgrade][awake] == 1).all()
    assert (others[upgrade] < 0.5).sum() > 50
    unchanged = theirs == others
    assert unchanged[:upgrade].all()
    assert unchanged[:, ~awake].all()


def test_who_is_let_down_leaves_the_more_often_the_longer_it_lasts(chapters: list[Chapter]) -> None:
    """All else equal; who is no longer let down leaves as rarely as ever, and the dormant never are."""
    last = chapters[-1]
    weary = [replace(last.before, weariness=np.full(last.population.size, level)) for level in (0.0, 0.1, 0.2, 0.6)]
    rates = np.array([hazard(last.population, before=state, month=last.month) for state in weary])
    assert (np.diff(rates, axis=0) >= 0).all()
    below = rates[2] < rates.max()
    assert below.mean() > 0.7
    assert (rates[2] > 2 * rates[0])[below].all()
    for before, now in pairwise(chapter.now for chapter in chapters):
        was = before.is_let_down
        still = was & now.is_let_down[: len(was)]
        assert (now.weariness[: len(was)][still] > before.weariness[still]).all()
        assert (now.weariness[~now.is_let_down] == 0).all()
        assert not (now.is_let_down & now.is_dormant).any()


def test_the_truth_is_the_hazard_summed_day_by_day(chapters: list[Chapter]) -> None:
    assert SOURCE.truth is not None
    options = SimulatedOptions(seed=5, customers=1500, months=4)
    [part] = SOURCE.truth(options)
    here = chapters[3].active
    for arm, name in enumerate(ARMS):
        stays = np.ones(len(here))
        for day in range(14, 74):
            stays = stays * np.exp(-hazard_on(chapters, chapters[3].month, day)[here] * chapters[3].effects[arm, here])
        np.testing.assert_allclose(part.rows[f"risk_{name}"].to_numpy(), 1 - stays, rtol=1e-9)
        for day in range(14):
            stays = stays * np.exp(-hazard_on(chapters, chapters[3].month, day)[here] * chapters[3].effects[arm, here])
        np.testing.assert_allclose(part.rows[f"leaves_{name}"].to_numpy(), 1 - stays, rtol=1e-9)
    assert part.rows["customer_id"].to_pylist() == [f"C{position + 1:07d}" for position in here]


def hazard_on(chapters: list[Chapter], month: Month, day: int) -> np.ndarray:
    """The hazard on the day that begins `day` days after the month."""
    moment = month.begins + day * DAY
    [chapter] = [one for one in chapters if one.month.begins <= moment < one.month.ends]
    return chapter.hazard

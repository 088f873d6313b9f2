"""The world played forward: it is the log's where the log is repeated, and changes only for those who are treated."""

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.errors import DataError
from features.play import played
from features.play.played import Done, World
from features.source import Part
from features.sources.simulated import SOURCE, SimulatedOptions
from features.tables import CANONICAL
from features.world.arrays import NEVER
from features.world.campaigns import ARMS, NOT_IN_TRIAL

START, SEED, CUSTOMERS, MONTHS = date(2024, 1, 1), 5, 600, 5
CALL = ARMS.index("call")


@pytest.fixture(scope="module")
def world() -> World:
    return played.begun(seed=SEED, customers=CUSTOMERS, months=MONTHS, start=START)[0]


def nothing(world: World) -> Done:
    size = world.chapter.population.size
    return Done(np.full(size, NOT_IN_TRIAL), np.tile([1.0, 0, 0, 0], (size, 1)))


def given(world: World, arm: int, *, share: float, seed: int) -> Done:
    """An arm for a share of those who are there."""
    done = nothing(world)
    drawn = np.random.default_rng(seed).random(len(done.arms)) < share
    some = world.active[drawn[world.active]]
    done.arms[some] = arm
    return done


def forward(world: World, acts: Sequence[tuple[int, float]]) -> tuple[World, list[Part], np.ndarray]:
    """Months played with an arm for a share each; the last is whom anything was done to."""
    parts, touched = [], np.zeros(0, dtype=bool)
    for place, (arm, share) in enumerate(acts):
        done = given(world, arm, share=share, seed=place)
        touched = np.concatenate([touched, np.zeros(len(done.arms) - len(touched), dtype=bool)]) | (done.arms >= 0)
        world, new = played.played(world, done)
        parts += new
    size = world.chapter.population.size
    return world, parts, np.concatenate([touched, np.zeros(size - len(touched), dtype=bool)])


def of_table(parts: Sequence[Part], name: str) -> pa.Table:
    return pa.concat_tables([part.rows for part in parts if part.table == name])


def test_the_simulated_source_is_to_the_byte_what_it_is_without_worlds_played() -> None:
    """The digest was taken before there was any; it changes only with the world itself."""
    found = hashlib.sha256()
    for part in SOURCE.read({}, SimulatedOptions(customers=500, months=9)):
        found.update(f"{part.table}|{part.name}|{part.rows.schema}".encode())
        found.update(repr(part.rows.to_pydict()).encode())
    assert found.hexdigest() == "42633eced10a7b196f6b12503ffffb71e03ad1635ef67a0f63fe4d846a1578c0"


def test_who_does_what_the_log_did_gets_the_logs_world() -> None:
    world, parts = played.begun(seed=SEED, customers=CUSTOMERS, months=2, start=START)
    for _ in range(8):
        world, new = played.played(world, played.as_logged(world))
        parts += new
    wanted = list(SOURCE.read({}, SimulatedOptions(seed=SEED, customers=CUSTOMERS, months=10, start=START)))
    assert [(one.table, one.name) for one in parts] == [(one.table, one.name) for one in wanted]
    for one, other in zip(parts, wanted, strict=True):
        assert one.rows.equals(other.rows), (one.table, one.name)


@pytest.mark.parametrize("acts", [[(CALL, 0.3)] * 6, [(2, 0.9), (3, 0.2), (CALL, 0.5), (2, 0.0), (0, 0.5), (3, 1.0)]])
def test_whom_nothing_was_done_to_is_the_same_under_any_policy(world: World, acts: list[tuple[int, float]]) -> None:
    still, quiet, _ = forward(world, [(CALL, 0.0)] * len(acts))
    moved, busy, touched = forward(world, acts)
    assert 0.1 < touched.mean() < 1
    assert np.array_equal(still.chapter.ended_at[~touched], moved.chapter.ended_at[~touched])
    assert not np.array_equal(still.chapter.ended_at, moved.chapter.ended_at)
    untouched = pa.array([f"C{place + 1:07d}" for place in np.flatnonzero(~touched)])
    for name in CANONICAL:
        if name == "treatments":
            continue
        one, other = (
            table.filter(pa.compute.is_in(table["customer_id"], untouched)).to_pandas()
            for table in (of_table(quiet, name), of_table(busy, name))
        )
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        assert len(one) or name == "customers"


def test_nothing_happens_to_a_customer_who_is_gone_and_no_key_comes_twice(world: World) -> None:
    last, parts, _ = forward(world, [(2, 0.6)] * 6)
    ended = last.chapter.ended_at
    for name, table in CANONICAL.items():
        rows = of_table(parts, name).to_pandas()
        if not len(rows):
            continue
        assert not rows.duplicated([*table.key, "known_at"]).any(), name
        place = rows["customer_id"].str[1:].astype(int) - 1
        moment = rows["event_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
        assert (moment <= ended[place]).all(), name
    told = of_table(parts, "contracts").to_pandas().dropna(subset="ended_at")
    left = (ended < NEVER) & (ended >= world.next_month.begins)
    assert left.sum() * 0.8 <= told["customer_id"].nunique() <= left.sum() + 5


def test_a_world_is_a_state_that_playing_leaves_as_it_was(world: World) -> None:
    one = played.played(world, given(world, CALL, share=0.5, seed=1))[1]
    played.played(world, given(world, 2, share=0.9, seed=2))
    again = played.played(world, given(world, CALL, share=0.5, seed=1))[1]
    assert all(a.rows.equals(b.rows) for a, b in zip(one, again, strict=True))


def test_an_action_works_for_three_months_and_a_new_one_takes_its_place(world: World) -> None:
    someone = next(place for place in world.active if played.as_logged(world).arms[place] == NOT_IN_TRIAL)
    acts = {0: CALL, 1: 2}
    effects = []
    for month in range(6):
        done = nothing(world)
        if month in acts and someone in world.active:
            done.arms[someone] = acts[month]
        world, _ = played.played(world, done)
        effects.append((world.chapter.effect[someone], *world.chapter.effects[[CALL, 2], someone]))
    assert effects[0][0] == effects[0][1]
    assert [one[0] for one in effects[1:4]] == [effects[1][2]] * 3
    assert effects[4][0] == effects[5][0] == 1


def test_the_outlook_is_how_many_leave() -> None:
    big, _ = played.begun(seed=9, customers=20_000, months=2, start=START)
    chance = played.outlook(big)
    here = big.active
    for arm, name in enumerate(ARMS):
        world = big
        for month in range(played.MONTHS_AT_WORK):
            done = nothing(world)
            if month == 0:
                done.arms[here] = arm
            world, _ = played.played(world, done)
        left = world.chapter.ended_at[here] < NEVER
        expected = chance[arm, here]
        noise = np.sqrt((expected * (1 - expected)).sum())
        assert abs(left.sum() - expected.sum()) < 4 * noise, name


def test_an_action_on_somebody_who_is_gone_is_written_down_and_changes_nothing(world: World) -> None:
    done = nothing(world)
    gone = np.flatnonzero(world.chapter.ended_at < NEVER)[0]
    done.arms[gone] = CALL
    (still, quiet), (moved, busy) = played.played(world, nothing(world)), played.played(world, done)
    assert np.array_equal(still.chapter.ended_at, moved.chapter.ended_at)
    written = of_table(busy, "treatments")
    assert written["customer_id"].to_pylist() == [f"C{gone + 1:07d}"]
    others = [part for part in busy if part.table != "treatments"]
    assert all(one.rows.equals(other.rows) for one, other in zip(quiet, others, strict=True))


def test_arms_for_too_few_are_refused(world: World) -> None:
    with pytest.raises(DataError, match="give each one"):
        played.played(world, Done(np.zeros(3, dtype=np.int64), np.zeros((3, 4))))

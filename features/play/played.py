"""The simulation played forward: a month more, given what is done to whom, and what it would do to everybody.

The luck of a customer depends on seed, customer and month, never on what is done to others. Whoever leaves when the
log's world says so, or stays with it, has that world's rows to the bit; whoever leaves at another time, or not, has
rows of a twin world in which nobody leaves, until the own leaving. Both are drawn for everybody, whatever is done.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from features.source import Part
from features.world import campaigns, chapters, delivery, leaving, membership, milestones, treatments
from features.world.arrays import NEVER, Codes, Flags, Floats, Positions
from features.world.chapters import Chapter
from features.world.months import Month

MONTHS_AT_WORK = 3
"""How long an action works; a new one of the same customer takes its place."""

# Beyond every seed that a world may have.
_TWIN = 2**31
_NUMBERED = ("interaction_id", "transaction_id", "survey_id")


@dataclass(frozen=True)
class Done:
    """What is done at the first instant of a month, by customer in the order of joining.

    arms, shape (n_customers,), is an index into `campaigns.ARMS`, or NOT_IN_TRIAL for whom no draw was made;
    probability, shape (n_customers, len(ARMS)), is that of each arm before the draw.
    """

    arms: Codes
    probability: Floats


@dataclass(frozen=True)
class World:
    """A world after some months; it never changes, so that several policies go on from the same one.

    logged is the month as the log's own campaigns made it, chapter as it was played. works_until, shape (n_customers,),
    is the index of the first month in which a customer's action no longer works. waiting holds, by table, the rows that
    are not known yet.
    """

    customers: int
    logged: Chapter
    chapter: Chapter
    works_until: Codes
    waiting: Mapping[str, pa.Table]

    @property
    def next_month(self) -> Month:
        """The month that comes next."""
        return self.chapter.month.next

    @property
    def active(self) -> Positions:
        """The customers who are there when the next month begins."""
        return campaigns.active(self.chapter.population, ended_at=self.chapter.ended_at, month=self.next_month)


def begun(*, seed: int, customers: int, months: int, start: date) -> tuple[World, list[Part]]:
    """The world after its first months, at least one, with its own campaigns, and the parts of `delivery.parts`."""
    waiting: dict[str, pa.Table] = {}
    parts: list[Part] = []
    until = np.zeros(0, dtype=np.int64)
    for chapter in islice(chapters.unfold(seed=seed, customers=customers, start=start), months):
        parts += delivery.delivered(delivery.happenings(chapter), waiting, chapter.month)
        until = _grown(until, chapter.population.size, 0)
        until = np.where(chapter.arms > 0, chapter.month.index + MONTHS_AT_WORK, until)
    return World(customers, chapter, chapter, until, waiting), parts


def as_logged(world: World) -> Done:
    """What the log's own campaigns do in the next month."""
    arms = chapters.continued(world.logged, customers=world.customers).arms[: world.chapter.population.size]
    there = np.isin(np.arange(len(arms)), world.active)
    arms = np.where(there, arms, campaigns.NOT_IN_TRIAL)
    return Done(arms, np.tile(campaigns.PROBABILITIES, (len(arms), 1)))


def played(world: World, done: Done) -> tuple[World, list[Part]]:
    """The world a month later, and the parts that became known in it.

    An action on somebody who is gone, as one who does not know it yet may order, is written down and changes nothing.
    Raises DataError where done is not of every customer.
    """
    logged = chapters.continued(world.logged, customers=world.customers)
    chapter, until = _acted(world, logged, done)
    waiting = dict(world.waiting)
    parts = list(delivery.delivered(_happenings(logged, chapter, done), waiting, chapter.month))
    return World(world.customers, logged, chapter, until, waiting), parts


def outlook(world: World, *, months: int = MONTHS_AT_WORK) -> Floats:
    """The true chance of leaving within the next months under each arm, shape (len(ARMS), n_customers).

    The first arm is no new action: an earlier one goes on working. 1 - exp(-sum of rate * factor * days) for those who
    are there; others are not asked for.
    """
    size, passed = world.chapter.population.size, world.logged
    total = np.zeros((len(campaigns.ARMS), size))
    acted = np.ones((len(campaigns.ARMS), size))
    for place in range(months):
        passed = chapters.continued(passed, customers=world.customers)
        if place == 0:
            acted = _effects(passed)[:, :size]
        before = np.where(world.works_until > passed.month.index, world.chapter.effect, 1.0)
        factor = np.where(place < MONTHS_AT_WORK, acted, 1.0)
        total += passed.hazard[:size] * passed.month.days * np.vstack([before, factor[1:]])
    return -np.expm1(-total)


def _effects(chapter: Chapter) -> Floats:
    return campaigns.effects(chapter.population, before=chapter.before, month=chapter.month)


def _grown(values: Codes, size: int, filled: int) -> Codes:
    return np.concatenate([values, np.full(size - len(values), filled)])


def _acted(world: World, logged: Chapter, done: Done) -> tuple[Chapter, Codes]:
    """The month as played: who got what, and who leaves then."""
    size, month = logged.population.size, logged.month
    if len(done.arms) != world.chapter.population.size:
        raise DataError(f"played: {len(done.arms)} arms for {world.chapter.population.size} customers; give each one.")
    arms = _grown(done.arms, size, campaigns.NOT_IN_TRIAL)
    effects, until = _effects(logged), _grown(world.works_until, size, 0)
    before = np.concatenate([world.chapter.effect, np.ones(size - len(world.chapter.effect))])
    kept = np.where(until > month.index, before, 1.0)
    effect = np.where(arms > 0, effects[np.maximum(arms, 0), np.arange(size)], kept)
    ended_before = _grown(world.chapter.ended_at, size, NEVER)
    rates = logged.hazard * effect
    ended_at = leaving.leave_times(
        rates, population=logged.population, ended_at=ended_before, seed=logged.seed, month=month
    )
    chapter = replace(logged, arms=arms, effects=effects, effect=effect, ended_before=ended_before, ended_at=ended_at)
    return chapter, np.where(arms > 0, month.index + MONTHS_AT_WORK, until)


def _happenings(logged: Chapter, chapter: Chapter, done: Done) -> Iterator[tuple[str, pa.Table]]:
    """The rows of the month as played, by table in the order of `delivery.happenings`."""
    never = np.full(chapter.population.size, NEVER)
    twin = replace(chapter, seed=chapter.seed + _TWIN, ended_before=never, ended_at=never)
    known = membership.ends_known_at(
        np.where(chapter.ended_at < NEVER, chapter.ended_at, 0), seed=twin.seed, month=chapter.month
    )
    made = {
        "milestones": lambda: milestones.rows(chapter),
        "treatments": lambda: treatments.drawn(chapter.month, done.arms, done.probability),
    }
    differs = chapter.ended_at != logged.ended_at
    twins = dict(delivery.happenings(twin)) if differs.any() else {}
    for name, rows in delivery.happenings(logged):
        if name in made:
            yield name, made[name]()
        elif name == "customers" or not differs.any():
            yield name, rows
        else:
            other = membership.contracts(chapter, known) if name == "contracts" else twins[name]
            yield name, _mixed(rows, other, chapter=chapter, differs=differs)


def _mixed(logged: pa.Table, twin: pa.Table, *, chapter: Chapter, differs: Flags) -> pa.Table:
    """The log's rows of whom nothing changed, and the twin's of the others up to their leaving."""
    kept = logged.filter(pa.array(~differs[_positions(logged)]))
    customers = _positions(twin)
    moments = twin["event_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    there = (chapter.ended_before[customers] == NEVER) & (moments <= chapter.ended_at[customers])
    added = twin.filter(pa.array(differs[customers] & there))
    for place, name in enumerate(added.column_names):
        if name in _NUMBERED:
            # The log's rows have the same numbers.
            apart = pc.binary_join_element_wise("B", added[name], "")
            added = added.set_column(place, added.schema.field(place), apart)
    return pa.concat_tables([kept, added])


def _positions(rows: pa.Table) -> Positions:
    places: Positions = pc.cast(pc.utf8_slice_codeunits(rows["customer_id"], 1), pa.int64()).to_numpy() - 1
    return places

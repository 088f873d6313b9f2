"""The simulated tables `customers` and `contracts`: joining, plan, price and leaving."""

import numpy as np
import pyarrow as pa

from features import tables
from features.world.arrays import MISSING_INSTANT, NEVER, Codes, Floats, Instants, Positions
from features.world.assembly import assemble, numbered, worded
from features.world.chapters import Chapter
from features.world.months import Month, first_instants
from features.world.population import LANGUAGES, LIST_PRICES, PLANS, REGIONS, SEGMENTS
from features.world.randomness import Stream, generator
from features.world.reporting import learnt_at


def customers(chapter: Chapter) -> pa.Table:
    """One row for each customer who joined in the month; with the first month all who joined before."""
    people, joined = chapter.population, _arrived(chapter)
    joined_at = people.joined_at[joined]
    columns = {"customer_id": joined, "event_at": joined_at, "known_at": joined_at, "joined_at": joined_at}
    return assemble(
        tables.CUSTOMERS,
        {
            **columns,
            "segment": worded(SEGMENTS, people.segment[joined]),
            "region": worded(REGIONS, people.region[joined]),
            "language": worded(LANGUAGES, people.language[joined]),
        },
    )


def contracts(chapter: Chapter, ends_known_at: Instants | None = None) -> pa.Table:
    """The contract versions of the month: begun, renewed, more expensive or ended.

    ends_known_at, shape (n_customers,), is when the end of each contract becomes known, drawn unless given.
    """
    ended = _ended(chapter, ends_known_at)
    return pa.concat_tables([_begun(chapter), _renewed_before(chapter), _renewed(chapter), ended])


def ends_known_at(ended_at: Instants, *, seed: int, month: Month) -> Instants:
    """When each of these ends becomes known, drawn from the month's generator of contracts."""
    rng = generator(seed=seed, month=month.index, stream=Stream.CONTRACTS)
    return learnt_at(rng, event_at=ended_at, late_share=0.15, most_days=6)


def monthly_price(chapter: Chapter, *, customers: Positions, moments: Instants) -> Floats:
    """The monthly price at moments of the month; a rise takes effect on the billing day."""
    people = chapter.population
    is_billed = moments >= people.billed_at(_this_month(chapter))[customers]
    raised = np.where(is_billed, chapter.now.raised[customers], chapter.before.raised[customers])
    return np.round(LIST_PRICES[people.plan[customers]] * raised, 2)


def _arrived(chapter: Chapter) -> Positions:
    is_first = chapter.month.index == 0
    return np.flatnonzero(is_first | (chapter.population.joined_at >= chapter.month.begins))


def _begun(chapter: Chapter) -> pa.Table:
    joined = _arrived(chapter)
    return _versions(chapter, customers=joined, event_at=chapter.population.joined_at[joined])


def _renewed_before(chapter: Chapter) -> pa.Table:
    """The last renewal, before the world begins, of those who were there then."""
    people = chapter.population
    ages = chapter.month.ordinal - 1 - people.joined_month
    last = people.joined_month + np.where(people.is_annual, ages // 12 * 12, ages)
    is_due = (chapter.month.index == 0) & (people.joined_at < chapter.month.begins) & (last > people.joined_month)
    due = np.flatnonzero(is_due)
    return _versions(chapter, customers=due, event_at=people.billed_at(last)[due])


def _renewed(chapter: Chapter) -> pa.Table:
    people = chapter.population
    changes = people.is_renewed_in(chapter.month) | (chapter.now.months_since_rise == 0)
    here = chapter.present[(changes & (people.joined_at < chapter.month.begins))[chapter.present]]
    moments = people.billed_at(_this_month(chapter))[here]
    stays = chapter.is_here(here, moments) & (moments < chapter.ended_at[here])
    return _versions(chapter, customers=here[stays], event_at=moments[stays])


def _ended(chapter: Chapter, known: Instants | None) -> pa.Table:
    left = chapter.present[chapter.ended_at[chapter.present] < NEVER]
    ended_at = chapter.ended_at[left]
    drawn = ends_known_at(ended_at, seed=chapter.seed, month=chapter.month) if known is None else known[left]
    return _versions(chapter, customers=left, event_at=ended_at, known_at=drawn, ended_at=ended_at)


def _versions(
    chapter: Chapter,
    *,
    customers: Positions,
    event_at: Instants,
    known_at: Instants | None = None,
    ended_at: Instants | None = None,
) -> pa.Table:
    people = chapter.population
    columns = {
        "contract_id": numbered("K", customers + 1),
        "customer_id": customers,
        "event_at": event_at,
        "known_at": event_at if known_at is None else known_at,
        "plan": worded(PLANS, people.plan[customers]),
        "price": monthly_price(chapter, customers=customers, moments=event_at),
        "starts_at": people.joined_at[customers],
        "renews_at": _next_renewal(chapter, customers=customers, moments=event_at),
        "ended_at": np.full(len(customers), MISSING_INSTANT) if ended_at is None else ended_at,
    }
    return assemble(tables.CONTRACTS, columns)


def _next_renewal(chapter: Chapter, *, customers: Positions, moments: Instants) -> Instants:
    """The first renewal after each moment; a month is whole only when its day of billing has come."""
    people = chapter.population
    joined = people.joined_month[customers]
    months = np.where(people.is_annual[customers], 12, 1)
    this = moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    candidate = joined + np.maximum((this - joined) // months, 1) * months
    is_past = _billed_at(chapter, customers=customers, months=candidate) <= moments
    return _billed_at(chapter, customers=customers, months=candidate + months * is_past)


def _billed_at(chapter: Chapter, *, customers: Positions, months: Codes) -> Instants:
    offset = chapter.population.billed_at(_this_month(chapter))[customers] - chapter.month.begins
    return first_instants(months) + offset


def _this_month(chapter: Chapter) -> Codes:
    return np.full(chapter.population.size, chapter.month.ordinal)

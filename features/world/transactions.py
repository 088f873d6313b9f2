"""The simulated table `transactions`: monthly payments, failures with retries, and refunds."""

import numpy as np
import pyarrow as pa

from features import tables
from features.world.arrays import Codes, Flags, Instants, Positions
from features.world.assembly import assemble, numbered, worded
from features.world.chapters import Chapter
from features.world.contacts import INCIDENT, Contacts
from features.world.membership import monthly_price
from features.world.months import DAY
from features.world.randomness import Stream, generator
from features.world.reporting import Rows, corrected, learnt_at

KINDS = ("payment", "refund", "failed")
PAYMENT, REFUND, FAILED = range(len(KINDS))

_RETRIED_SHARE = 0.85
_REFUNDED_SHARE = 0.15


def rows(chapter: Chapter, talks: Contacts) -> pa.Table:
    """The payments of the month; a few amounts are booked wrongly at first and corrected later."""
    rng = generator(seed=chapter.seed, month=chapter.month.index, stream=Stream.TRANSACTIONS)
    booked = _booked(chapter, talks=talks, rng=rng)
    size = len(booked["number"])
    chosen = (rng.random(size) < 0.01) & (booked["kind"] == PAYMENT)
    wrong = np.round(booked["amount"] * rng.choice([0.1, 0.5, 2.0, 10.0], size), 2)
    gap_days = rng.uniform(2.0, 25.0, size)
    versions = corrected(booked, chosen=chosen, first={"amount": wrong}, gap_days=gap_days)
    columns = {
        **versions,
        "discount": np.where(versions["kind"] == PAYMENT, versions["discount"], np.nan),
        "transaction_id": numbered(f"T{chapter.month.name}-", versions["number"]),
        "kind": worded(KINDS, versions["kind"]),
    }
    return assemble(tables.TRANSACTIONS, columns)


def _booked(chapter: Chapter, *, talks: Contacts, rng: np.random.Generator) -> Rows:
    customers, event_at, kind = _moved(chapter, talks=talks, rng=rng)
    price = monthly_price(chapter, customers=customers, moments=event_at)
    thrifty = chapter.population.is_thrifty[customers]
    share = np.where(kind == REFUND, rng.uniform(0.2, 0.6, len(kind)), 1.0)
    return {
        "number": np.arange(1, len(kind) + 1),
        "customer_id": customers,
        "event_at": event_at,
        "known_at": learnt_at(rng, event_at=event_at, late_share=0.03, most_days=9),
        "kind": kind,
        "amount": np.round(price * share, 2),
        # Nothing follows from a voucher: thrifty customers find more of them.
        "discount": np.where(rng.random(len(kind)) < 0.03 + 0.12 * thrifty, np.round(0.2 * price, 2), 0.0),
    }


def _moved(chapter: Chapter, *, talks: Contacts, rng: np.random.Generator) -> tuple[Positions, Instants, Codes]:
    """Who paid, failed to pay or was refunded, and when."""
    due, billed_at = _due(chapter)
    fails = _fails(chapter, due=due, rng=rng)
    retried = fails & (rng.random(len(due)) < _RETRIED_SHARE)
    retried_at = billed_at + rng.integers(DAY, 4 * DAY, len(due))
    refunded = (talks.cause == INCIDENT) & (rng.random(len(talks.cause)) < _REFUNDED_SHARE)
    refunded_at = talks.event_at + rng.integers(DAY // 2, 4 * DAY, len(talks.cause))
    customers = np.concatenate([due, due[retried], talks.customers[refunded]])
    event_at = np.concatenate([billed_at, retried_at[retried], refunded_at[refunded]])
    later = np.repeat([PAYMENT, REFUND], [int(retried.sum()), int(refunded.sum())])
    kind = np.concatenate([np.where(fails, FAILED, PAYMENT), later])
    stays = chapter.is_here(customers, event_at)
    return customers[stays], event_at[stays], kind[stays]


def _due(chapter: Chapter) -> tuple[Positions, Instants]:
    """The payments due in the month, and when: first on the joining day, then on the billing day."""
    people = chapter.population
    billed_at = people.billed_at(np.full(people.size, chapter.month.ordinal))
    is_first = people.joined_at >= chapter.month.begins
    due_at = np.where(is_first, people.joined_at, billed_at)[chapter.present]
    stays = chapter.is_here(chapter.present, due_at)
    return chapter.present[stays], due_at[stays]


def _fails(chapter: Chapter, *, due: Positions, rng: np.random.Generator) -> Flags:
    chance = np.where(chapter.now.is_squeezed, 0.65, 0.01 + 0.03 * chapter.population.is_thrifty)
    return rng.random(len(due)) < chance[due]

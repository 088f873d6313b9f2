"""What the company has in hand at the end of each month: rows wait for the month in which they become known."""

from collections.abc import Iterator
from datetime import date
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from features.source import Part
from features.world import interactions, membership, milestones, surveys, transactions, treatments, usage
from features.world.chapters import Chapter, unfold
from features.world.contacts import contacts


def parts(*, seed: int, customers: int, months: int, start: date) -> Iterator[Part]:
    """The tables of the first months of the world, month after month; a part without rows is left out.

    A row is delivered with the month in which it becomes known; what is known only after the last is not delivered.
    """
    waiting: dict[str, pa.Table] = {}
    for chapter in islice(unfold(seed=seed, customers=customers, start=start), months):
        for name, happened in _happenings(chapter):
            rows = pa.concat_tables([waiting.pop(name), happened]) if name in waiting else happened
            known, waiting[name] = _divided(rows, chapter.month.ends)
            if known.num_rows:
                yield Part(name, chapter.month.name, known)


def _happenings(chapter: Chapter) -> Iterator[tuple[str, pa.Table]]:
    """The rows of what happened in the month, table by table."""
    yield "customers", membership.customers(chapter)
    yield "contracts", membership.contracts(chapter)
    yield "usage", usage.rows(chapter)
    yield "milestones", milestones.rows(chapter)
    talks = contacts(chapter)
    yield "transactions", transactions.rows(chapter, talks)
    yield "interactions", interactions.rows(chapter, talks)
    yield "surveys", surveys.rows(chapter, talks)
    yield "treatments", treatments.rows(chapter)


def _divided(rows: pa.Table, month_ends: int) -> tuple[pa.Table, pa.Table]:
    """The rows known before the month ends, and the others."""
    is_known = pc.less(rows["known_at"], pa.scalar(month_ends, pa.timestamp("us")))
    return rows.filter(is_known), rows.filter(pc.invert(is_known))

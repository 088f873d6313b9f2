"""All kept rounds of a spec as rows of the canonical table `treatments`, by the time at which they were known."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.tables import TREATMENTS
from pipelines.files import storage
from pipelines.outreach import round_treatments
from pipelines.outreach.operations import database, rounds

# The raw file of a spec that maps its rounds; a mapping that names it has `run` keep it up to date.
FILE = "rounds.parquet"
ORDER = [("known_at", "ascending"), ("campaign", "ascending"), ("treatment_id", "ascending")]


def known(root: Path, spec: str, *, time_zone: str, at: datetime | None = None) -> pa.Table:
    """The rows of every round that was known at a moment of the company's clocks (None: of all), earliest first.

    root is the checkout. A round never changes, so the rows known at a moment are the same whenever they are asked for;
    none, where there is no operations database. Raises DataError where a round is not what was written.
    """
    types = {column.name: pa.type_for_alias(column.arrow_type) for column in TREATMENTS.columns}
    nothing = pa.schema(list(types.items())).empty_table()
    if not database.exists(root):
        return nothing
    engine = database.opened(root)
    kept = (rounds.found(engine, spec, one.as_of) for one in rounds.all_of(engine, spec))
    parts = [round_treatments.rows(*one, time_zone=time_zone) for one in kept if one is not None]
    found = pa.concat_tables([nothing, *parts]).sort_by(ORDER).combine_chunks()
    return found if at is None else found.filter(pc.less_equal(found["known_at"], pa.scalar(at, pa.timestamp("us"))))


def lost(before: Path, rows: pa.Table) -> int:
    """How many rows of a file that was written before are not among these."""
    if not before.is_file():
        return 0
    earlier = storage.read_parquet(before)["treatment_id"]
    return len(earlier.filter(pc.invert(pc.is_in(earlier, rows["treatment_id"].combine_chunks()))))

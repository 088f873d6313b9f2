"""Tables in folders, what `new` makes of them, and whether a run would take the very table."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from features.source import Part
from features.sources.table import SOURCE
from features.table_options import TableOptions
from pipelines.jobs.proposing import proposal
from pipelines.jobs.proposing.drafts import Draft
from pipelines.jobs.proposing.settling import Said
from pipelines.raw_data import raw_files


def write(folder: Path, name: str = "club.csv", **columns: Any) -> Path:
    """A CSV of some columns, whatever they are called."""
    return write_frame(folder, pd.DataFrame(columns), name)


def write_frame(folder: Path, rows: pd.DataFrame, name: str = "club.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / name, index=False)
    return folder / name


def draft(path: Path | str, *more: Path, **said: Any) -> Draft:
    """What is proposed, held to what every spec is held to."""
    found = proposal.proposed("club", [str(path), *map(str, more)], Said(**said))
    proposal.check("club", found)
    return found


def plain(found: Draft) -> dict[str, Any]:
    """The spec as it is read."""
    read: dict[str, Any] = yaml.safe_load(found.text)
    return read


def columns(found: Draft) -> dict[str, Any]:
    """What the spec says of each column."""
    said: dict[str, Any] = plain(found)["source"]["columns"]
    return said


def read(found: Draft, folder: Path) -> pa.Table:
    """The table as a run reads it by the spec."""
    options = TableOptions.model_validate(plain(found)["source"])
    with raw_files.opened(folder, SOURCE.formats(options)) as raw:
        return next(part.rows for part in SOURCE.read(raw, options) if isinstance(part, Part))


def faults(found: Draft, folder: Path) -> list[str]:
    """What speaks against the table by the spec that was written from it; a slow, plain check, none of validate's."""
    rows, told = read(found, folder), []
    told += [name for name in rows.column_names if name.endswith("__unreadable")]
    for name, column in TableOptions.model_validate(plain(found)["source"]).columns.items():
        values = [one for one in rows[name].to_pylist() if one is not None]
        if len(values) < rows.num_rows and not column.nullable:
            told.append(f"{name} is blank")
        if (allowed := set(column.values)) and set(values) - allowed:
            told.append(f"{name} holds {set(values) - allowed}")
        if column.minimum is not None and min(values, default=column.minimum) < column.minimum:
            told.append(f"{name} is below")
        if column.maximum is not None and max(values, default=column.maximum) > column.maximum:
            told.append(f"{name} is above")
    keys = rows["customer_id"]
    if pc.count_distinct(keys).as_py() < rows.num_rows:
        told.append("keys stand twice")
    return told

"""What was found wrong: every bad row with its key, and one sentence for each broken expectation."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from features.reserved import HELPER
from features.written_numbers import fitting
from pipelines.files import spreadsheet
from pipelines.validation.batches import Batch
from pipelines.validation.demand import Demand

BAD_ROWS = "bad_rows.csv"
PAGE = "docs/index.html"
EXAMPLES = 3
COLUMNS = pa.schema([(name, pa.string()) for name in ("table", "column", "expectation", "key", "value")])

UNREADABLE_NUMBERS = ("cannot be read as integer", "cannot be read as number")

_LONGEST_EXAMPLE = 100
_NO_TIME = r"( 00:00:00)?\.000000$"


@dataclass(frozen=True)
class BrokenExpectation:
    """A demand that a batch breaks: how many rows do, a few of their values and keys, and all of them, in COLUMNS."""

    demand: Demand
    count: int
    examples: tuple[Any, ...]
    keys: tuple[str, ...]
    rows: pa.Table


@dataclass(frozen=True)
class JudgedBatch:
    """A judged batch: its name and size, what was demanded of it and what it breaks; result is the judge's own."""

    name: str
    size: int
    demands: tuple[Demand, ...]
    findings: tuple[BrokenExpectation, ...]
    result: Any


def finding(batch: Batch, demand: Demand, positions: Sequence[int]) -> BrokenExpectation:
    """The rows of a batch at positions, which break a demand."""
    rows = batch.rows.take(pa.array(positions, pa.int64()))
    shown = rows[demand.shows] if demand.shows else pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    said = [pa.repeat(text, rows.num_rows) for text in (demand.table, demand.column, demand.words)]
    bad = pa.Table.from_arrays([*said, _keys(rows, batch.key), _text(shown)], schema=COLUMNS)
    examples = pc.unique(shown.drop_null()).slice(0, EXAMPLES).to_pylist()
    keys = pc.unique(bad["key"]).slice(0, EXAMPLES).to_pylist()
    return BrokenExpectation(demand, rows.num_rows, tuple(_plain(value) for value in examples), tuple(keys), bad)


def _keys(rows: pa.Table, key: Sequence[str]) -> pa.ChunkedArray:
    named = [
        pc.binary_join_element_wise(name.removeprefix(HELPER), pc.fill_null(_text(rows[name]), ""), "=") for name in key
    ]
    return pc.binary_join_element_wise(*named, ", ") if named else pa.chunked_array([pa.repeat("", rows.num_rows)])


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pc.cast(values, pa.string())
    return pc.replace_substring_regex(texts, _NO_TIME, "") if pa.types.is_timestamp(values.type) else texts


def _plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    is_strange = isinstance(value, datetime) or (isinstance(value, float) and not isfinite(value))
    return str(value) if is_strange else value


@contextmanager
def recorder(path: Path) -> Iterator[Callable[[JudgedBatch], JudgedBatch]]:
    """A function that appends the bad rows of a judgement to a CSV file and lets go of them.

    The file is made with the first bad row, so that none is left where there are none.
    """
    with ExitStack() as stack:
        writers: list[pa_csv.CSVWriter] = []

        def record(judged: JudgedBatch) -> JudgedBatch:
            if judged.findings and not writers:
                writers.append(stack.enter_context(pa_csv.CSVWriter(path, COLUMNS)))
            for found in judged.findings:
                writers[0].write_table(spreadsheet.guarded_rows(found.rows))
            empty = COLUMNS.empty_table()
            return replace(judged, findings=tuple(replace(found, rows=empty) for found in judged.findings))

        yield record


def summary(judged: Sequence[JudgedBatch]) -> dict[str, Any]:
    """All judgements as plain data: how many expectations there are and, over all batches, which are broken."""
    sizes: Counter[Demand] = Counter()
    found: defaultdict[Demand, list[BrokenExpectation]] = defaultdict(list)
    for one in judged:
        sizes.update(dict.fromkeys(one.demands, one.size))
        for each in one.findings:
            found[each.demand].append(each)
    broken = [_broken(demand, found[demand], size) for demand, size in sizes.items() if demand in found]
    return {"passed": not broken, "expectations": len(sizes), "broken": broken}


def _broken(demand: Demand, found: Sequence[BrokenExpectation], size: int) -> dict[str, Any]:
    count = sum(one.count for one in found)
    examples = dict.fromkeys(value for one in found for value in one.examples)
    keys = dict.fromkeys(key for one in found for key in one.keys)
    return {
        "table": demand.table,
        "column": demand.column,
        "expectation": demand.words,
        "unit": demand.unit,
        "remedy": demand.remedy or _format(demand, list(examples)),
        "count": count,
        "share": count / size,
        "examples": list(examples)[:EXAMPLES],
        "keys": list(keys)[:EXAMPLES],
    }


def _format(demand: Demand, examples: Sequence[Any]) -> str:
    """What to say in the spec where numbers could not be read for the signs in them."""
    texts = pa.array([one for one in examples if isinstance(one, str)], pa.string())
    if demand.words not in UNREADABLE_NUMBERS or not len(texts):
        return ""
    signs = [one for one in fitting(texts) if one.thousands or demand.words != UNREADABLE_NUMBERS[0]]
    if not signs or signs[0].is_plain:
        return ""
    plain = {"decimal": signs[0].decimal, "thousands": signs[0].thousands}
    said = ", ".join(f'{name}: "{sign}"' for name, sign in plain.items() if sign and (name, sign) != ("decimal", "."))
    return f"if all are written so, say it beside the file: `format: {{{said}}}` (in a log with `numbers: [...]`)"


def refusal(broken: Sequence[Mapping[str, Any]], folder: Path) -> str:
    """What a user is told: where in a folder to look, then one line for each broken expectation."""
    plural = "expectation" if len(broken) == 1 else "expectations"
    first = f"data refused: {len(broken)} {plural} broken; rows in {folder / BAD_ROWS}, page {folder / PAGE}"
    return "\n".join([first, *(f"  {sentence(one)}" for one in broken)])


def sentence(broken: Mapping[str, Any]) -> str:
    """A broken expectation in one line: where, what was demanded, how many rows break it, examples, the first row."""
    where = f"{broken['table']}.{broken['column']}" if broken["column"] else broken["table"]
    such = ", ".join(_short(repr(value)) for value in broken["examples"])
    keys = [_short(key) for key in broken["keys"] if key]
    remedy = f"; {broken['remedy']}" if broken.get("remedy") else ""
    if broken["unit"] == "volume":
        return f"{where}: {broken['expectation']}: it has {such or '; '.join(keys)}{remedy}"
    such = f"{such} (first: {keys[0]})" if such and keys else such or "; ".join(keys)
    plural = "" if broken["count"] == 1 else "s"
    count = f"{broken['count']:,} {broken['unit']}{plural} ({_percent(broken['share'])})"
    return f"{where}: {broken['expectation']}: {count}, such as {such}{remedy}"


def _percent(share: float) -> str:
    return "under 0.01 %" if 0 < share < 0.0001 else f"{100 * share:.2f} %"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXAMPLE else f"{line[: _LONGEST_EXAMPLE - 1]}…"

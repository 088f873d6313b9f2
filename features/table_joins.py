"""Joins of further files to a table by a key; a key with several rows is refused or aggregated."""

from collections.abc import Callable, Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError, MissingError, SchemaError
from features.schema import nearest
from features.source import Raw, Reconciled
from features.table_options import Aggregate, JoinOptions, TableOptions, joined_name
from features.written_numbers import Signs, markers_as_read

# How the numbers of the several rows of a key become one; `count` looks at no number.
SUMMED: Mapping[Aggregate, Callable[[list[float]], float]] = {
    "count": len,
    "sum": sum,
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "minimum": min,
    "maximum": max,
}
_Index = Mapping[str, Sequence[int]]


def rows_of(raw: Raw, options: TableOptions) -> tuple[pa.Table, list[Reconciled]]:
    """The rows of the table's file with the columns joined to them, and how many were left out, where any are.

    A joined column is called `joined_name(column, file)`; a key that the other file does not have gives nothing.
    Raises MissingError when a file was not added, SchemaError when one lacks a column, DataError when a key of a joined
    file has several rows and nothing sums them up, or when no row is left.
    """
    rows = _texts(raw, options.file)
    for number, join in enumerate(options.joins):
        rows = _joined(rows, raw, options, where=f"source.joins[{number}]", join=join)
    if not options.leave_out:
        return rows, []
    read, gone = rows.num_rows, {}
    for name, texts in options.leave_out.items():
        _check(name, options.file, rows.column_names, where="source.leave_out")
        held = pc.is_in(_plain(rows[name]), pa.array([text.strip() for text in texts], pa.string()))
        gone[f"{name} {' or '.join(map(repr, texts))}"] = int(pc.sum(held).as_py() or 0)
        rows = rows.filter(pc.invert(held))
    if not rows.num_rows:
        raise DataError(f"source.leave_out leaves out all {read:,} rows of {options.file}.")
    return rows, [Reconciled("customers", {options.file: read}, 0, gone, {}, 0, rows.num_rows)]


def _texts(raw: Raw, file: str) -> pa.Table:
    if file not in raw.names:
        raise MissingError(f"no file '{file}' among the raw data {list(raw.names)}; add it: the data command.")
    return raw.texts(file)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.utf8_trim_whitespace(values.cast(pa.string())), "")


def _check(name: str, file: str, there: Sequence[str], *, where: str) -> None:
    if name not in there:
        known = [one for one in there if "\0" not in one]
        raise SchemaError(f"{where}: {file} has no column '{name}'; correct the spec; {nearest(name, known)}.")


def _joined(rows: pa.Table, raw: Raw, options: TableOptions, *, where: str, join: JoinOptions) -> pa.Table:
    """The rows with the columns of one more file."""
    other = _texts(raw, join.file)
    by = join.by or options.key or join.key
    _check(join.key, join.file, other.column_names, where=f"{where}.key")
    wanted = {options.in_the_file(name): one for name, one in options.columns.items() if one.file == join.file}
    for name in wanted:
        _check(name.split("\0")[0], join.file, other.column_names, where="source.columns")
    held = joined_name(by, join.of) if join.of else by
    if held not in rows.column_names:
        raise SchemaError(f"{where}.by: {join.of or options.file} has no column '{by}'; correct the spec.")
    index: dict[str, list[int]] = {}
    for place, key in enumerate(_plain(other[join.key]).to_pylist()):
        index.setdefault(key, []).append(place)
    index.pop("", None)
    asked = _plain(rows[held]).to_pylist()
    if any(one.aggregate for one in wanted.values()):
        signs = options.whole_format(join).signs
        for name, one in wanted.items():
            column, markers = name.split("\0")[0], (*options.missing, *one.missing)
            nothing = {"", *markers, *markers_as_read(markers, signs.get(column, Signs()))}
            values = _aggregated(other[column], index, one.aggregate or "sum", nothing=nothing)
            none = "0" if one.aggregate == "count" else None
            rows = rows.append_column(name, pa.array([values.get(key, none) for key in asked], pa.string()))
        return rows
    _refuse_several(index, asked, where=where, join=join)
    at = pa.array([index[key][0] if key in index else None for key in asked], pa.int64())
    for name in other.column_names:
        texts = other[name].cast(pa.string()).combine_chunks()
        rows = rows.append_column(joined_name(name, join.file), pc.take(texts, at))
    return rows


def _refuse_several(index: _Index, asked: Sequence[str], *, where: str, join: JoinOptions) -> None:
    several = sorted(key for key in set(asked) if len(index.get(key, ())) > 1)
    if several:
        raise DataError(
            f"{where}: {len(several):,} keys stand in several rows of {join.file}, such as {several[0]!r} in"
            f" {len(index[several[0]]):,}; a customer would become several. Give a key that stands once, or say at each"
            " column of that file how its rows become one: `aggregate: sum` (count, mean, minimum, maximum)."
        )


def _aggregated(
    values: pa.ChunkedArray, index: _Index, aggregate: Aggregate, *, nothing: Collection[str]
) -> dict[str, str | None]:
    """Of each key, one text: the number that its rows come to, or the first text that is none and so is refused."""
    texts = [text if text not in nothing else None for text in _plain(values).to_pylist()]
    found: dict[str, str | None] = {}
    for key, places in index.items():
        held = [text for place in places if (text := texts[place]) is not None]
        if aggregate == "count":
            found[key] = str(len(places))
            continue
        numbers = [_number(text) for text in held]
        odd = [text for text, number in zip(held, numbers, strict=True) if number is None]
        known = [number for number in numbers if number is not None]
        of_all = SUMMED[aggregate]
        found[key] = odd[0] if odd else f"{of_all(known):.15g}" if known else None
    return found


def _number(text: str) -> float | None:
    """The number that a text is, as a table's columns are read: no nan, no inf, no 1_000."""
    if not set(text) <= set("+-.0123456789eE"):
        return None
    try:
        return float(text)
    except ValueError:
        return None

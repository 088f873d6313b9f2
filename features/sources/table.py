"""A table with one row per customer and the features already there: a label column, maybe a treatment column."""

from collections.abc import Iterator, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features import table_days, table_joins
from features.arm_column import STRATUM, ArmColumn, arms_of, declared, probabilities_of, strata_of
from features.errors import SchemaError
from features.file_format import PLAIN, Formats
from features.schema import ARROW_TYPES, Column, ColumnType, Table, nearest
from features.source import Part, Raw, Reconciled, Source
from features.table_options import NUMBERS, ColumnOptions, TableOptions
from features.written_numbers import Signs, markers_as_read

# What pyarrow would read besides: 0x10 as 16, nan as a number. What stands for nothing is declared as `missing`.
_WRITTEN: dict[ColumnType, str] = {
    "integer": r"^[+-]?[0-9]+$",
    "number": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$",
}
# What a column says of the file alone.
OF_THE_FILE = {"role", "meaning", "column", "missing", "decimal", "thousands", "file", "aggregate", "as_of", "written"}
LEFT_OUT = "fill it in, or say `nullable: true` in the spec: such rows are then left out of its figures"


def declare(options: TableOptions) -> Mapping[str, Table]:
    """One table, `customers`: the key, the columns of the spec, and the arm with its probability."""
    columns = [Column("customer_id", "text", "the customer")]
    columns += [_column(name, column) for name, column in options.columns.items()]
    if options.treatment:
        columns += declared(options.treatment)
    return {"customers": Table("customers", "one row for each customer", ("customer_id",), tuple(columns))}


def _column(name: str, options: ColumnOptions) -> Column:
    declared = options.model_dump(exclude=OF_THE_FILE)
    return Column(
        name=name,
        meaning=options.meaning or name,
        is_outcome=options.role != "feature",
        if_missing=LEFT_OUT if options.role == "outcome" else "",
        **declared,
    )


def read(raw: Raw, options: TableOptions) -> Iterator[Part | Reconciled]:
    """Cast the texts of its files to the declared types; what cannot be read goes to `<column>__unreadable`.

    Raises MissingError when a file was not added, SchemaError when one lacks a column, DataError when a joined row
    would make several of one.
    """
    rows, counts = table_joins.rows_of(raw, options)
    yield from counts
    _check_columns(rows, options)
    arrays: dict[str, pa.ChunkedArray | pa.Array] = {"customer_id": _keys(rows, options)}
    unreadable: dict[str, pa.Array] = {}
    signs: dict[str | None, Mapping[str, Signs]] = {None: options.whole_format().signs}
    signs |= {join.file: options.whole_format(join).signs for join in options.joins}
    for name, column in options.columns.items():
        every, own = (*options.missing, *column.missing), signs[column.file].get(column.column or name, Signs())
        texts = _text(rows[options.in_the_file(name)], (*every, *markers_as_read(every, own)))
        if column.as_of:
            values, bad = table_days.days_until(texts, column.as_of, written=column.written)
            values = values.cast(ARROW_TYPES[column.type])
        else:
            values, bad = _cast(texts, column.type)
        arrays[name] = _without_markers(values, column, markers_as_read(column.missing, own))
        if bad.null_count < len(bad):
            unreadable[f"{name}__unreadable"] = bad
    if options.treatment:
        for name, (values, bad) in _drawn(rows, options.treatment, options.missing).items():
            arrays[name] = values
            if bad.null_count < len(bad):
                unreadable[f"{name}__unreadable"] = bad
    yield Part("customers", "all", pa.table({**arrays, **unreadable}))


def _check_columns(rows: pa.Table, options: TableOptions) -> None:
    own = [name for name, column in options.columns.items() if column.file is None]
    wanted = [*map(options.in_the_file, own), *([options.key] if options.key else [])]
    wanted += options.treatment.columns if options.treatment else []
    wanted += [one.column for one in options.format.numbers] if options.format else []
    if missing := [name for name in wanted if name not in rows.column_names]:
        there = [name for name in rows.column_names if "\0" not in name]
        meant = "; ".join(f"'{name}': {nearest(name, there)}" for name in missing)
        raise SchemaError(f"{options.file} has no column {missing}; correct the spec; {meant}.")


def _keys(rows: pa.Table, options: TableOptions) -> pa.ChunkedArray | pa.Array:
    if options.key is not None:
        return _text(rows[options.key], options.missing)
    features = [options.in_the_file(name) for name, one in options.columns.items() if one.role == "feature"]
    return pa.array(_content_keys(rows, features))


def _content_keys(rows: pa.Table, names: list[str]) -> list[str]:
    """A key from what the row says, its outcomes apart, and how often that came before: newer rows change no older.

    Without a feature, that is the place of the row.
    """
    if not names:
        return [f"row-{place}" for place in range(rows.num_rows)]
    texts = pd.DataFrame({place: rows[name].to_pylist() for place, name in enumerate(names)}, dtype=object)
    hashed = pd.util.hash_pandas_object(texts.fillna(""), index=False)
    return [f"{one:016x}-{again}" for one, again in zip(hashed, hashed.groupby(hashed).cumcount(), strict=True)]


def _text(values: pa.ChunkedArray, missing: tuple[str, ...]) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(values.combine_chunks())
    return pc.if_else(pc.is_in(trimmed, pa.array(missing, pa.string())), None, trimmed)


def _cast(texts: pa.Array, type_: ColumnType) -> tuple[pa.Array, pa.Array]:
    """The values in their type, and the texts that could not be read (null elsewhere)."""
    texts = texts.cast(pa.string())
    if type_ in ("category", "text"):
        return texts, pa.nulls(len(texts), pa.string())
    written = texts
    if type_ in _WRITTEN:
        written = pc.if_else(pc.match_substring_regex(texts, _WRITTEN[type_]), texts, None)
    try:
        values = pc.cast(written, ARROW_TYPES[type_])
    except pa.ArrowInvalid:
        readable = pa.array([_reads(text, type_) for text in written.to_pylist()])
        written = pc.if_else(readable, written, None)
        values = pc.cast(written, ARROW_TYPES[type_])
    return values, pc.if_else(pc.is_null(written), texts, None)


def _without_markers(values: pa.Array, column: ColumnOptions, own: tuple[str, ...]) -> pa.Array:
    """The values, missing where a number equals one of the column's own markers, however the file writes it."""
    if column.type not in NUMBERS or not own:
        return values
    markers, _ = _cast(pa.array(own, pa.string()), column.type)
    return pc.if_else(pc.is_in(values, markers.drop_null()), None, values)


def _reads(text: str | None, type_: ColumnType) -> bool:
    try:
        pa.array([text], pa.string()).cast(ARROW_TYPES[type_])
    except pa.ArrowInvalid:
        return False
    return True


def _drawn(rows: pa.Table, treatment: ArmColumn, missing: tuple[str, ...]) -> Mapping[str, tuple[pa.Array, pa.Array]]:
    """The arm, its probability and maybe the stratum: values, and the texts that could not be read (null elsewhere)."""
    texts = _text(rows[treatment.column], ("",))
    arms, strata = arms_of(texts, treatment), None
    found = {"arm": _with_unreadable(arms, texts)}
    if treatment.strata:
        within = _text(rows[treatment.strata.column], ("",))
        strata = strata_of(within, treatment)
        found[STRATUM] = _with_unreadable(strata, within)
    if treatment.probability:
        found["probability"] = _cast(_text(rows[treatment.probability], missing), "number")
    else:
        probability = pa.array(probabilities_of(arms, treatment, strata), pa.float64())
        found["probability"] = probability, pa.nulls(len(texts), pa.string())
    return found


def _with_unreadable(values: list[str | None], texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    known = pa.array(values, pa.string())
    return known, pc.if_else(pc.is_null(known), texts, None)


def _formats(options: TableOptions) -> Formats:
    whole = {options.file: (options.format, options.whole_format())}
    whole |= {join.file: (join.format, options.whole_format(join)) for join in options.joins}
    return {file: form for file, (said, form) in whole.items() if said or form != PLAIN}


SOURCE = Source(
    kind="table",
    meaning="a table with one row per customer, features already there",
    needs_files=True,
    dated=False,
    options=TableOptions,
    declare=declare,
    read=read,
    extracted_at=lambda _: None,
    wants=lambda options: options.files,
    formats=_formats,
    newer=("file",),
)

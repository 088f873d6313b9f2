"""Reads one part of a raw file as a table of texts, or names it in a FROM clause for DuckDB."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.errors import DataError, SchemaError
from features.event_log.expressions import literal, quoted
from features.reserved import plain
from features.written_numbers import Signs, as_sql, plain_texts
from pipelines.raw_data import csv_files, csv_rows, excel, json_lines
from pipelines.raw_data.parts import Part


def columns_of(part: Part, database: duckdb.DuckDBPyConnection) -> list[str]:
    """The column names in the file, in order; DuckDB renames the second of two that differ only by case."""
    if part.kind == "parquet":
        return list(pq.read_schema(part.path).names)
    if part.kind == "csv":
        return csv_files.header(part)
    if part.kind == "excel":
        return list(excel.texts(part)[0].column_names)
    return list(json_lines.columns(part, database))


def columns_and_types(part: Part, database: duckdb.DuckDBPyConnection) -> list[str]:
    """The column names in the file, for Parquet with their types, which decide how numbers are read."""
    if part.kind == "parquet":
        return [f"{field.name!r} ({field.type})" for field in pq.read_schema(part.path)]
    return list(map(repr, columns_of(part, database)))


def count(part: Part, database: duckdb.DuckDBPyConnection, scratch: Path) -> int:
    """The number of rows of a part, after reading every row. Raises DataError where there is none."""
    scan = scan_of(part, database, scratch)
    columns = [row[0] for row in database.execute(f"DESCRIBE FROM {scan}").fetchall()]
    every = ", ".join(f"max({quoted(column)}::VARCHAR)" for column in columns)
    rows = int(database.execute(f"SELECT count(*), {every} FROM {scan}").fetchall()[0][0])  # noqa: S608
    if not rows:
        raise DataError(f"{part.name} holds no rows.")
    return rows


def texts_of(part: Part, database: duckdb.DuckDBPyConnection, scratch: Path) -> pa.Table:
    """A part as a table of texts, its rows in order. Raises DataError where it cannot be read."""
    if part.kind == "excel":
        return excel.texts(part)[0]
    if part.kind == "parquet":
        rows = pq.read_table(part.path)
        are_texts = {name for name in rows.column_names if _is_text(rows.schema.field(name).type)}
        rows = pa.table({name: _plain(rows[name]) for name in rows.column_names})
        rows.validate(full=True)  # Arrow looks at no letter of a text before
    elif part.kind == "csv":
        rows = csv_texts(part, scratch)
        are_texts = set(rows.column_names)
    else:
        return _in_order(part, database)
    for name, signs in signs_of(part, rows.column_names).items():
        if name in are_texts:
            place = rows.column_names.index(name)
            rows = rows.set_column(place, name, plain_texts(rows[name], signs))
    return rows


def scan_of(part: Part, database: duckdb.DuckDBPyConnection, scratch: Path) -> str:
    """The FROM clause that reads a part: Parquet in its own types, anything else as texts.

    Raises DataError where it cannot be read.
    """
    name = literal(str(part.path))
    if part.kind == "excel":
        rows, _ = excel.texts(part)
        database.register(table := f"excel {part.path}", rows)
        return quoted(table)
    if part.kind == "parquet":
        schema = pq.read_schema(part.path)
        numbers = signs_of(part, schema.names)
        numbers = {one: signs for one, signs in numbers.items() if _is_text(schema.field(one).type)}
        return _with_signs(f"read_parquet({name})", numbers)
    if part.kind == "csv":
        names = csv_files.header(part)
        alike = _alike(part, scratch)
        return _with_signs(_csv_scan(alike, names, is_ours=alike is not part), signs_of(part, names))
    return _json_scan(part, database)


def _json_scan(part: Part, database: duckdb.DuckDBPyConnection) -> str:
    names = json_lines.columns(part, database)
    texts = json_lines.are_texts(part, database, signs_of(part, names))
    return _with_signs(json_lines.scan(part, _texts(names)), texts)


def signs_of(part: Part, columns: list[str]) -> Mapping[str, Signs]:
    """The number signs of columns that a plain cast cannot read. Raises SchemaError where the part lacks one."""
    if missing := [name for name in part.form.signs if name not in columns]:
        raise SchemaError(
            f"{part.name} has no column {missing}, which `numbers` of its `format` names; it has {columns}."
        )
    return {name: signs for name, signs in part.form.signs.items() if not signs.is_plain}


def _with_signs(scan: str, numbers: Mapping[str, Signs]) -> str:
    if not numbers:
        return scan
    replaced = ", ".join(f"{as_sql(quoted(name), signs)} AS {quoted(name)}" for name, signs in numbers.items())
    return f"(SELECT * REPLACE ({replaced}) FROM {scan})"  # noqa: S608 - quoted names


def _alike(part: Part, scratch: Path) -> Part:
    """A part that Arrow and DuckDB read exactly as Python's csv does: the part itself, or a rewritten copy."""
    if csv_rows.is_read_alike(part.path, part.form):
        return part
    out = scratch / f"{len(list(scratch.iterdir()))}"
    try:
        csv_rows.rewrite(part.name, part.path, part.form, out)
    except csv.Error:
        csv_files.check(part)  # which tells the line
        raise
    plain_form = {"separator": ",", "quote": '"', "escape": ""}
    return Part(part.name, out, part.kind, part.form.model_copy(update=plain_form))


def _csv_scan(part: Part, names: list[str], *, is_ours: bool) -> str:
    header = str(part.form.header).lower()
    signs = f"delim = {literal(part.form.separator)}, quote = '\"', escape = '\"', nullstr = ''"
    options = f"auto_detect = false, header = {header}, {signs}, strict_mode = true"
    if is_ours:  # otherwise DuckDB takes the first line break that it sees, if only within a field, for that of lines
        options += ", new_line = '\\n'"
    return f"read_csv({literal(str(part.path))}, columns = {_texts(names)}, {options})"


def csv_texts(part: Part, scratch: Path) -> pa.Table:
    """A text with separators as a table of texts."""
    names, alike = csv_files.header(part), _alike(part, scratch)
    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    # Four bytes a character of the longest row: one has to lie within a block.
    block = 8 * csv_rows.LONGEST
    reading = pa_csv.ReadOptions(column_names=None if part.form.header else names, block_size=block)
    parsing = pa_csv.ParseOptions(newlines_in_values=True, delimiter=alike.form.separator)
    try:
        return pa_csv.read_csv(alike.path, read_options=reading, convert_options=options, parse_options=parsing)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        csv_files.check(part)  # which tells the line
        raise


def _in_order(part: Part, database: duckdb.DuckDBPyConnection) -> pa.Table:
    """The rows in the order of the file, which DuckDB keeps only on request."""
    scan = _json_scan(part, database)
    with in_order(database):
        return database.sql(f"FROM {scan}").to_arrow_table()


@contextmanager
def in_order(database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A block in which rows come in the order of their files."""
    database.execute("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        database.execute("SET preserve_insertion_order = false")


def _is_text(type_: pa.DataType) -> bool:
    plain_type = type_.value_type if pa.types.is_dictionary(type_) else type_
    return bool(pa.types.is_string(plain_type) or pa.types.is_large_string(plain_type))


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_nested(values.type):
        return pa.chunked_array(
            [pa.array([None if one is None else str(one) for one in values.to_pylist()], pa.string())]
        )
    return values.cast(pa.string())


def _texts(names: list[str]) -> str:
    """The columns of a view, all texts; of two names that are the same to DuckDB, the second gets a number."""
    seen: list[str] = []
    for name in names:
        again = sum(plain(name) == plain(one) for one in seen)
        seen.append(f"{name}_{again}" if again else name)
    return "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in seen) + "}"

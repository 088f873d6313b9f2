"""JSON lines, read by DuckDB; values that it would drop or round are refused with their line."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb

from features.errors import DataError
from features.event_log.expressions import literal, quoted
from features.reserved import alike
from features.written_numbers import Signs
from pipelines.raw_data.parts import Part

# What stands in JSON as a number, to DuckDB.
_NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')"
# Numbers with a fraction or an exponent that may have more digits than a double: DuckDB makes doubles of them.
_LONG = r"[0-9]{16,}\.[0-9]|[0-9]\.[0-9]{15,}[eE]|[0-9]{16,}[eE]"
# From here on a double has no place for each whole number.
_ROUNDED = 1e15


def columns(part: Part, database: duckdb.DuckDBPyConnection) -> list[str]:
    """The keys of all objects, in order of first occurrence."""
    found = database.execute(f"DESCRIBE FROM {_scan(part)}, sample_size = -1, map_inference_threshold = -1)").fetchall()
    return [str(row[0]) for row in found]


def scan(part: Part, texts: str) -> str:
    """The FROM clause that reads columns as texts; texts is DuckDB's struct of column names and types."""
    return f"{_scan(part)}, columns = {texts})"


def are_texts(part: Part, database: duckdb.DuckDBPyConnection, signs: Mapping[str, Signs]) -> Mapping[str, Signs]:
    """The number signs of the columns that hold texts. Raises DataError where a column mixes texts and numbers."""
    numbers = {}
    for name, own in signs.items():
        kind = f"json_type({quoted(name)})"
        counted = f"count(*) FILTER ({kind} = 'VARCHAR'), count(*) FILTER ({kind} IN {_NUMBERS})"
        rows = scan(part, f"{{{literal(name)}: 'JSON'}}")
        ((texts, others),) = database.execute(f"SELECT {counted} FROM {rows}").fetchall()  # noqa: S608
        if texts and others:
            raise DataError(
                f"{part.name}: {name!r} holds {texts:,} texts and {others:,} numbers; `numbers` of its `format` says"
                " how texts are written. Export them all as texts, or all as numbers."
            )
        if texts:
            numbers[name] = own
    return numbers


def check(part: Part, database: duckdb.DuckDBPyConnection) -> None:
    """Raise DataError where a line is no object, or has a value that DuckDB would drop or round."""
    rows = f"read_ndjson_objects({literal(str(part.path))})"
    no_object = "count(*) FILTER (json_type(json) <> 'OBJECT')"
    long = f"count(*) FILTER (regexp_matches(json::VARCHAR, {literal(_LONG)}))"
    ((others, rounded),) = database.execute(f"SELECT {no_object}, {long} FROM {rows}").fetchall()  # noqa: S608
    if others or rounded:
        refuse_fault(part)
    keys = database.execute(f"SELECT DISTINCT unnest(json_keys(json)) AS one FROM {rows} ORDER BY one").fetchall()  # noqa: S608
    names = [str(row[0]) for row in keys]
    if "" in names:
        raise DataError(f"{part.name}: a key is empty; each column needs a name.")
    if both := list(alike(names)):
        raise DataError(
            f"{part.name} has keys that differ by capital letters only: {both}; one of them would be read as nothing."
            " Write each key in one way."
        )


def refuse_fault(part: Part) -> None:
    """Raise DataError with the first line that is no object, or whose numbers have more digits than are kept."""
    with part.path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            where = f"{part.name}, line {number}"
            try:
                text = line.decode("utf-8").strip()
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{where}: not UTF-8; declare its encoding in the spec, beside the file, such as"
                    ' `format: {encoding: "cp1252"}`, or save it as UTF-8.'
                ) from error
            if text:
                _check_line(where, text)


def _check_line(where: str, line: str) -> None:
    try:
        found = json.loads(
            line,
            parse_float=lambda text: _kept(where, text),
            parse_int=str,
            object_pairs_hook=lambda pairs: _object(where, pairs),
        )
        json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise DataError(f"cannot read {where}: not JSON ({error}); each line must be one object.") from error
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise DataError(
            f"{where}: \\u{ord(half):04x} is half of a letter; write the other half, or take it out."
        ) from error
    if not isinstance(found, dict):
        raise DataError(f'{where}: {line[:40]!r} is no object; each line must be one, as {{"id": 1}} is.')


def _kept(where: str, text: str) -> float:
    value = float(text)
    if abs(value) >= _ROUNDED and math.isfinite(value) and Decimal(text) != Decimal(repr(value)):
        raise DataError(
            f"{where}: the number {text} has more digits than a double-precision number stores; if it is an"
            ' identifier, write it as a text ("...").'
        )
    return value


def _object(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{where}: {twice} occur twice in one object; each key must have one value.")
    return dict(pairs)


def _scan(part: Part) -> str:
    return f"read_json({literal(str(part.path))}, format = 'newline_delimited', records = true"

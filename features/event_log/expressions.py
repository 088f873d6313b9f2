"""SQL expressions of a spec: whether they are valid, which columns they use, and whether a file has these."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from features.errors import SchemaError
from features.event_log.watch import LONGEST
from features.schema import nearest

# DuckDB's words for a column that the relation does not have.
_LACKING = re.compile(r'Referenced column "([^"]+)" not found')

# What looks beyond the row would let newer rows change what older ones say.
_BEYOND_THE_ROW = {"SUBQUERY": "a query", "WINDOW": "a window", "STAR": "a star", "PARAMETER": "a parameter"}

# They make a list or a text of any length out of a number; an expression of one row has no need of them.
_GROWING = frozenset(
    ("range", "generate_series", "unnest", "list_resize", "array_resize", "bar", "bitstring", "to_base", "repeat_row")
)
_FILLING = {"repeat": 1, "lpad": 1, "rpad": 1}
LONGEST_EXPRESSION, DEEPEST = 10_000, 100

# DuckDB parses the first as columns, and lists the others as if they said the same every time.
_CLOCK_WORDS = frozenset(("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"))
_CLOCKS = _CLOCK_WORDS | {"current_localtime", "current_localtimestamp"}
_IS_UNSTEADY = """SELECT count(*) > 0 FROM duckdb_functions() WHERE lower(function_name) = ?
AND (stability <> 'CONSISTENT' OR macro_definition LIKE '%current_%')"""
_IS_AGGREGATE = """SELECT coalesce(bool_and(function_type = 'aggregate'), false) FROM duckdb_functions()
WHERE lower(function_name) = ?"""


def check(expression: str, database: duckdb.DuckDBPyConnection) -> None:
    """Raise ValueError, with the reason, unless the text is a single SQL expression over the columns of one row."""
    if len(expression) > LONGEST_EXPRESSION:
        raise ValueError(f"an expression has at most {LONGEST_EXPRESSION:,} letters; this one has {len(expression):,}")
    for text in (expression, bracketed(expression)):
        tree = _parsed(text, database)
        if tree["error"]:
            hint = f"; a column of that name is {quoted(expression)}" if re.fullmatch(r"\w[\w ]*", expression) else ""
            raise ValueError(f"{expression!r} is no SQL expression: {tree['error_message'].splitlines()[0]}{hint}")
        nodes = [statement["node"] for statement in tree["statements"]]
        if len(nodes) != 1 or len(nodes[0].get("select_list", ())) != 1 or nodes[0]["from_table"]["type"] != "EMPTY":
            raise ValueError(f"{expression!r} is more than one SQL expression")
    for node in _nodes(tree):
        if fault := _fault(node, database):
            raise ValueError(f"{expression!r} {fault}")


def _fault(node: dict[str, Any], database: duckdb.DuckDBPyConnection) -> str:
    """What is wrong with a part of an expression; empty where nothing is."""
    name = _called(node)
    if word := _BEYOND_THE_ROW.get(node.get("class", "")):
        return f"holds {word}; an expression sees the columns of its own row only"
    if name and _is_unsteady(name, node, database):
        return f"asks {name}, which says something else every time"
    if name and _is_aggregate(name, database):
        return f"asks {name}, which is of many rows; an expression sees its own row only"
    if name in _GROWING:
        return f"asks {name}, which may make any number of values out of one"
    if (size := _filled(node)) > LONGEST:
        return f"fills a text {size:,.0f} times or letters; {LONGEST:,} are allowed"
    return ""


def columns(expression: str, available: Sequence[str], database: duckdb.DuckDBPyConnection) -> list[str]:
    """Those of the available columns that an expression uses, in the file's spelling."""
    spelt = {name.lower(): name for name in available}
    named = [node["column_names"][0].lower() for node in _nodes(_parsed(expression, database)) if _is_column(node)]
    return list(dict.fromkeys(spelt[name] for name in named if name in spelt))


def cast_columns(expression: str, texts: Sequence[str], database: duckdb.DuckDBPyConnection) -> list[str]:
    """The text columns that an expression itself converts to numbers."""
    spelt = {name.lower(): name for name in texts}
    casts = [node["child"] for node in _nodes(_parsed(expression, database)) if _is_number_cast(node)]
    named = [child["column_names"][0].lower() for child in casts if _is_column(child)]
    return list(dict.fromkeys(spelt[name] for name in named if name in spelt))


def type_of(
    expression: str, *, sql: str, where: str, file: str, database: duckdb.DuckDBPyConnection, relation: str
) -> str:
    """The SQL type of an expression over a relation.

    where is its place in the spec and file what the relation was read from. Raises SchemaError when the file has
    no such column or its values cannot be combined like that.
    """
    try:
        return str(database.execute(f"DESCRIBE SELECT {sql} FROM {relation}").fetchall()[0][1])  # noqa: S608
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.NotImplementedException) as error:
        names = [row[0] for row in database.execute(f"DESCRIBE {relation}").fetchall()]
        if lacking := _LACKING.search(str(error)):
            absent = lacking.group(1)
            raise SchemaError(f"{where}: {file} has no column '{absent}'; {nearest(absent, names)}.") from error
        reason = " ".join(str(error).split("LINE 1:")[0].split())
        raise SchemaError(f"{where}: {expression!r} cannot be asked of {file}: {reason} It has {names}.") from error


def bracketed(expression: str) -> str:
    """The expression in parentheses, safe to embed; a trailing comment ends with its line."""
    return f"({expression}\n)"


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _parsed(expression: str, database: duckdb.DuckDBPyConnection) -> Any:
    """The syntax tree from DuckDB's parser."""
    database.execute(f"SET max_expression_depth = {DEEPEST}")
    found = database.execute("SELECT json_serialize_sql(?::VARCHAR)", [f"SELECT {expression}"])
    return json.loads(found.fetchall()[0][0])


def _filled(node: dict[str, Any]) -> float:
    """The length or count to which a node pads or repeats a text, where that is a plain number."""
    place, given = _FILLING.get(_called(node)), node.get("arguments", ())
    said = given[place]["expression"].get("literal", {}) if place and len(given) > place else {}
    return float(said["text"]) if said.get("text", "").isdecimal() else 0.0


def _called(node: dict[str, Any]) -> str:
    """The function that a node calls, in lower case; empty where it calls none."""
    if _is_column(node):
        name = str(node["column_names"][0]).lower()
        return name if name in _CLOCK_WORDS else ""
    return str(node.get("function_name", "")).lower()


def _is_unsteady(name: str, node: dict[str, Any], database: duckdb.DuckDBPyConnection) -> bool:
    """Whether a function is non-deterministic; age of one date counts from today."""
    if name in _CLOCKS or (name == "age" and len(node["arguments"]) == 1):
        return True
    return bool(database.execute(_IS_UNSTEADY, [name]).fetchall()[0][0])


def _is_number_cast(node: dict[str, Any]) -> bool:
    type_ = str(node.get("type_expr", {}).get("type_name", "")) if node.get("class") == "CAST" else ""
    return "INT" in type_ or type_ in ("DOUBLE", "FLOAT", "DECIMAL")


def _is_aggregate(name: str, database: duckdb.DuckDBPyConnection) -> bool:
    return bool(database.execute(_IS_AGGREGATE, [name]).fetchall()[0][0])


def _is_column(node: dict[str, Any]) -> bool:
    return node.get("class") == "COLUMN_REF"


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for below in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(below)

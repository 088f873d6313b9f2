"""Columns joined from another file by a unique key, so that the number of rows stays the same."""

import duckdb

from features.errors import DataError, SchemaError
from features.event_log import expressions, keyed_files
from features.event_log.expressions import bracketed, quoted
from features.event_log.keyed_files import as_key
from features.event_log.options import LookUpOptions, MappingOptions
from features.source import Raw

# Names that no expression of a spec is likely to mean.
_KEY, _VALUE = quoted("look-up: key"), quoted("look-up: value")


def looked_up(raw: Raw, relation: str, *, where: str, mapping: MappingOptions, file: str) -> str:
    """The relation with the looked-up columns of a mapping, in order, so that one can be the key of the next.

    A key that the other file does not have gives null. Raises MissingError when that file was not added, SchemaError
    when a column is missing or there twice, and DataError when a key leads to several values.
    """
    for number, (name, one) in enumerate(mapping.look_up.items()):
        place = f"{where}.look_up.{name}"
        there = [row[0].lower() for row in raw.database.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]  # noqa: S608
        if name.lower() in there:
            raise SchemaError(f"{place}: {file} has a column '{name}' already; give what is looked up another name.")
        table = _table(raw, place, one)
        by, alias = as_key(one.by), f"look_up_{number}"
        expressions.type_of(one.by, sql=by, where=f"{place}.by", file=file, database=raw.database, relation=relation)
        relation = (
            f"(SELECT looking.*, {alias}.{_VALUE} AS {quoted(name)} FROM {relation} AS looking"  # noqa: S608
            f" LEFT JOIN {table} AS {alias} ON {by} = {alias}.{_KEY})"
        )
    return relation


def _table(raw: Raw, where: str, one: LookUpOptions) -> str:
    """A table of another file's keys, each with its one value."""
    view = keyed_files.view(raw, one.file, where=where, asked={"key": one.key, "take": one.take})
    name = quoted(f"found for {where}")
    pairs = f"SELECT DISTINCT {as_key(one.key)} AS {_KEY}, {bracketed(one.take)} AS {_VALUE} FROM {view}"  # noqa: S608
    raw.database.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS {name} AS FROM ({pairs}) WHERE {_KEY} IS NOT NULL AND {_VALUE} IS NOT NULL"
    )
    _refuse_several(raw.database, name, where, one)
    return name


def _refuse_several(database: duckdb.DuckDBPyConnection, name: str, where: str, one: LookUpOptions) -> None:
    several = f"list({_VALUE}::VARCHAR ORDER BY {_VALUE})"
    query = f"SELECT {_KEY}, {several} FROM {name} GROUP BY {_KEY} HAVING count(*) > 1 ORDER BY {_KEY}"  # noqa: S608
    if found := database.execute(query).fetchall():
        (key, values), size = found[0], len(found)
        raise DataError(
            f"{where}: {size:,} keys of {one.file} lead to several values of {one.take!r}, such as {key!r} to"
            f" {' and '.join(map(repr, values[:2]))}; a row would become several. Give a key that leads to one."
        )

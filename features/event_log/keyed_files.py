"""Further files of an event log in which columns are looked up by a key."""

from collections.abc import Mapping

from features.errors import MissingError
from features.event_log import expressions
from features.event_log.expressions import bracketed
from features.source import Raw


def view(raw: Raw, file: str, *, where: str, asked: Mapping[str, str]) -> str:
    """The view of a file that has the columns of all expressions, which are given by their names in the spec.

    Raises MissingError when the file was not added, SchemaError when it cannot answer one.
    """
    if file not in raw.names:
        raise MissingError(
            f"{where}.file: no file '{file}' among the raw data {list(raw.names)}; add it: the data command."
        )
    found = raw.relation(file)
    for name, said in asked.items():
        place, sql = f"{where}.{name}", bracketed(said)
        expressions.type_of(said, sql=sql, where=place, file=file, database=raw.database, relation=found)
    return found


def as_key(expression: str) -> str:
    """An expression as a text key, as SQL: surrounding spaces are removed, and a blank key is null."""
    return f"nullif(trim(CAST({bracketed(expression)} AS VARCHAR)), '')"

"""Row filters of a mapping, and the check that each is a boolean condition."""

import duckdb

from features.errors import DataError, SchemaError
from features.event_log.expressions import bracketed, literal

# Texts and whole numbers may say true and false; whether they do, their values tell.
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_SAID = ("VARCHAR", *_WHOLE, *(f"U{type_}" for type_ in _WHOLE))
_LOOKED_AT, _SHOWN = 1_000, 3


def holds(expression: str) -> str:
    """Whether a filter holds for a row, as SQL; null where it is undefined."""
    return f"TRY(CAST({bracketed(expression)} AS BOOLEAN))"


def check_type(found: str, expression: str, where: str) -> None:
    """Raise SchemaError where the type of an expression cannot be a condition."""
    if found not in ("BOOLEAN", *_SAID):
        raise SchemaError(f"{where}: {expression!r} is no condition: it gives {found}; compare it with something.")


def check_constant(database: duckdb.DuckDBPyConnection, expression: str, where: str) -> None:
    """Raise SchemaError where a filter without columns drops nothing."""
    if database.execute(f"SELECT {holds(expression)}").fetchall() != [(True,)]:
        raise SchemaError(f"{where}: {expression!r} names no column and drops nothing; take it out, or correct it.")


def check(database: duckdb.DuckDBPyConnection, expression: str, *, where: str, file: str, relation: str) -> None:
    """Raise DataError where a filter is neither true nor false for a row, or fails for each of the first rows."""
    attempt = f"SELECT TRY(struct_pack(told := {bracketed(expression)})) AS attempt FROM {relation}"  # noqa: S608
    never = "bool_or(attempt IS NULL) AND bool_and(attempt IS NULL OR attempt.told IS NULL)"
    tried = f"SELECT count(*), {never} FROM ({attempt} LIMIT {_LOOKED_AT})"  # noqa: S608 - checked expressions
    ((rows, failed),) = database.execute(tried).fetchall()
    if failed:
        raise DataError(f"{where}: {expression!r} cannot be calculated for any of the first {rows:,} rows of {file}.")
    ((_, type_, *_),) = database.execute(f"DESCRIBE SELECT {bracketed(expression)} AS told FROM {relation}").fetchall()  # noqa: S608
    if type_ == "BOOLEAN":
        return
    said = f"SELECT nullif(trim(TRY(CAST({bracketed(expression)} AS VARCHAR))), '') AS said FROM {relation}"  # noqa: S608
    strange = f"SELECT DISTINCT said FROM ({said}) WHERE said IS NOT NULL AND TRY_CAST(said AS BOOLEAN) IS NULL"  # noqa: S608
    if found := database.execute(f"{strange} ORDER BY said LIMIT {_SHOWN}").fetchall():
        texts = [text for (text,) in found]
        such = ", ".join(map(repr, texts))
        raise DataError(
            f"{where}: {expression!r} is no condition: in {file} it says {such}, neither true nor false; compare it,"
            f" such as ({expression}) = {literal(texts[0])}."
        )

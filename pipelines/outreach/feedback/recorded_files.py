"""Files of what was done, of opt-outs or of outcomes, as rows of texts under the names that `record` knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from features.errors import DataError, UsageError
from pipelines.raw_data import raw_files
from pipelines.raw_data.recognising import formats_of

Kind = Literal["contacts", "opt_outs", "outcomes"]
COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "contacts": (
        "customer",
        "action",
        "when",
        "by",
        "outcome",
        "offer_taken",
        "note",
        "cost",
        "currency",
        "round",
        "contact",
        "outcome_at",
        "recorded_at",
    ),
    "opt_outs": ("customer", "action", "when", "opted_out", "by", "recorded_at"),
    "outcomes": ("customer", "round", "churned", "when", "by", "recorded_at"),
}
NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "contacts": ("customer", "action", "when"),
    "opt_outs": ("customer",),
    "outcomes": ("customer", "round", "churned"),
}
# The columns in which a word of the file may stand for one of ours.
WORDS = ("action", "outcome", "offer_taken", "opted_out", "churned")
NO_VALUES: Mapping[str, str] = MappingProxyType({})
ALSO = {"customer_id": "customer", "done_at": "when", "happened_at": "when"}


@dataclass(frozen=True)
class Recorded:
    """A file: its name, what it is of, and its rows by their number in the file, each text without blanks around it."""

    name: str
    kind: Kind
    rows: Sequence[tuple[int, Mapping[str, str]]]


def read(path: Path, renamed: Mapping[str, str], values: Mapping[str, str] = NO_VALUES) -> Recorded:
    """A file of any kind that raw data may have.

    renamed gives the file's name of a column that we know by another, values our word for what the file says in WORDS,
    such as `reached` for `erreicht`.

    A file with `churned` is of outcomes, one with `opted_out`, or with neither action nor outcome, of opt-outs, any
    other of contacts. Raises UsageError, MissingError or DataError where it cannot be read, lacks a column, or has one
    that is unknown, so that a misspelt one is not left out silently.
    """
    formats = formats_of(path)
    raw_files.check(path, formats)
    with raw_files.opened(path.parent, formats) as files:
        texts = files.texts(path.name)
    names = _names(path.name, texts.column_names, renamed)
    kind = _kind(set(names))
    if lacking := [name for name in NEEDED[kind] if name not in names]:
        raise DataError(
            f"{path.name}: a file of {kind.replace('_', '-')} has no column {lacking}; it has {list(names)}. Name the"
            f" file's own with --column, such as --column {lacking[0]}=COLUMN."
        )
    if unknown := [name for name in names if name not in COLUMNS[kind]]:
        raise DataError(
            f"{path.name}: a file of {kind.replace('_', '-')} may not have the columns {unknown}; known are"
            f" {list(COLUMNS[kind])}. Leave them out, or name them with --column."
        )
    columns = [texts[place].to_pylist() for place in range(texts.num_columns)]
    rows = [
        (number, {name: _word(name, (value or "").strip(), values) for name, value in zip(names, row, strict=True)})
        for number, row in enumerate(zip(*columns, strict=True), start=1)
    ]
    return Recorded(path.name, kind, rows)


def _word(name: str, said: str, values: Mapping[str, str]) -> str:
    return values.get(said, said) if name in WORDS else said


def _names(file: str, there: Sequence[str], renamed: Mapping[str, str]) -> list[str]:
    if gone := [name for name in renamed.values() if name not in there]:
        raise UsageError(f"{file} has no column {gone}, which --column names; it has {list(there)}.")
    ours = {theirs: name for name, theirs in renamed.items()}
    plain = [name.strip().lower() for name in there]
    names = [ours.get(raw, ALSO.get(name, name)) for raw, name in zip(there, plain, strict=True)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{file} has more than one column for {twice}; leave one of each.")
    return names


def _kind(names: set[str]) -> Kind:
    if "churned" in names:
        return "outcomes"
    return "opt_outs" if "opted_out" in names or not names & {"action", "outcome"} else "contacts"

"""The check that columns named in a spec exist and have a suitable type."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from experiments.sections.policy import HasPolicy
from experiments.sections.section import HasName
from experiments.sections.treatment import HasTreatment
from experiments.sections.value import HasValue
from features.errors import SpecError
from features.reserved import names_for, why_taken
from features.table_options import TableOptions
from pipelines.specs.early_checks import HasFigures, HasLevels

# Columns of ours that a slice, a simple score or a limit of the policy may look at.
VALUE = "value"
OF_SLICES = (VALUE, "arm")
YES_OR_NO = {"0", "1"}


class Referring(HasName, HasTreatment, HasValue, HasPolicy, HasFigures, HasLevels, Protocol):
    """A spec as far as it names columns and actions."""


@dataclass(frozen=True)
class KnownColumns:
    """The existing columns: whether each is numeric, and the values of categories.

    after are those of them that were measured afterwards, and that a customer to score does not have.
    """

    is_number: Mapping[str, bool]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: frozenset[str] = frozenset()


def of_a_table(options: TableOptions) -> KnownColumns:
    """The matrix columns of a table: its features and its outcomes."""
    columns = {name: one for name, one in options.columns.items() if one.role != "label"}
    return KnownColumns(
        {name: one.type not in ("category", "text") for name, one in columns.items()},
        {name: one.values for name, one in columns.items() if one.values},
        frozenset(name for name, one in columns.items() if one.role == "outcome"),
    )


def of_a_matrix(features: Mapping[str, pa.DataType]) -> KnownColumns:
    """The feature columns of a matrix by theme; all but texts are numeric."""
    return KnownColumns(
        {name: not (pa.types.is_string(one) or pa.types.is_large_string(one)) for name, one in features.items()}
    )


def check(spec: Referring, known: KnownColumns) -> None:
    """Raise SpecError, with each key and its value, where a column is missing or unsuitable."""
    ours = names_for(spec.actions)
    faults = [f"column '{name}': {why}; rename it" for name in known.is_number if (why := why_taken(name, ours))]
    faults += [*_value(spec, known), *_policy(spec, known), *_evaluation(spec, known), *_levels(spec, known)]
    if faults:
        raise SpecError(f"spec '{spec.name}': {'; '.join(faults)}.")


def _value(spec: HasValue, known: KnownColumns) -> Iterator[str]:
    if spec.value.column is not None:
        yield from _is_number("value.column", spec.value.column, known.is_number)


def _policy(spec: HasPolicy, known: KnownColumns) -> Iterator[str]:
    """The policy's columns; a category with the texts 0 and 1 serves as a flag, as a number does."""
    now = {VALUE: True} | {name: known.is_number[name] for name in known.is_number if name not in known.after}
    for action, column in spec.policy.opt_outs.items():
        key = "policy.opt_out" if isinstance(spec.policy.opt_out, str) else f"policy.opt_out.{action}"
        yield from _is_number(key, column, _with_texts(now, known, YES_OR_NO))
    if spec.policy.fatigue is not None:
        yield from _is_number("policy.fatigue.column", spec.policy.fatigue.column, _with_texts(now, known, None))


def _with_texts(now: Mapping[str, bool], known: KnownColumns, allowed: set[str] | None) -> Mapping[str, bool]:
    """The columns that can be read as numbers: categories whose given values are numbers."""
    texts = {name for name, values in known.values.items() if all(_reads(one, allowed) for one in values)}
    return {name: is_number or name in texts for name, is_number in now.items()}


def _reads(text: str, allowed: set[str] | None) -> bool:
    return text in allowed if allowed else text.lstrip("-").replace(".", "", 1).isdecimal()


def _evaluation(spec: HasFigures, known: KnownColumns) -> Iterator[str]:
    there = {**dict.fromkeys(OF_SLICES, True), "arm": False, **known.is_number}
    for name, one in spec.evaluation.slices.items():
        where = f"evaluation.slices.{name}"
        if one.column not in there:
            yield _absent(f"{where}.column", one.column, there)
        elif one.edges and not there[one.column]:
            yield f"{where}.edges: '{one.column}' holds texts, which have no bands; leave the edges out"
    for name, floor in spec.evaluation.floors.items():
        for column in floor.columns:
            yield from _is_number(f"evaluation.floors.{name}.columns", column, {VALUE: True, **known.is_number})


def _levels(spec: HasLevels, known: KnownColumns) -> Iterator[str]:
    """The column of segments: a category that customers to score have, and that holds the segments."""
    by = spec.score.by
    if by is None:
        return
    there = {name: one for name, one in known.is_number.items() if name not in known.after}
    if by not in there:
        yield _absent("score.by", by, there)
    elif there[by]:
        yield f"score.by: '{by}' holds numbers, which are no segments; name a category"
    elif by in known.values:
        yield from unknown_segments(by, spec.score.cuts, known.values[by])


def unknown_segments(by: str, named: Iterable[str], values: Collection[str]) -> Iterator[str]:
    """A fault for segments of `score.cuts` that a column does not hold."""
    if unknown := sorted(set(named) - set(values)):
        yield f"score.cuts: '{by}' has no {unknown}; it has {sorted(values)}"


def _is_number(where: str, name: str, is_number: Mapping[str, bool]) -> Iterator[str]:
    if name not in is_number:
        yield _absent(where, name, is_number)
    elif not is_number[name]:
        yield f"{where}: '{name}' holds texts, and a number is needed; give it type: number, or name another column"


def _absent(where: str, name: str, there: Mapping[str, bool]) -> str:
    return f"{where}: there is no column '{name}'; there are {sorted(there)}"

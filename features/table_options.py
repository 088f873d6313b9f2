"""The `source` section of a table's spec: the role and type of each column of the file."""

from collections.abc import Iterator
from typing import Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from features import reserved
from features.arm_column import ArmColumn
from features.file_format import PLAIN, FileFormat, NumberColumn, checked_sign
from features.schema import ColumnType
from features.section import Day, Name, Section
from features.source import SourceOptions

NUMBERS = ("integer", "number")
Role = Literal["feature", "label", "outcome"]
Aggregate = Literal["count", "sum", "mean", "minimum", "maximum"]


def joined_name(column: str, file: str, aggregate: Aggregate | None = None) -> str:
    """The internal name of a joined file's column, possibly aggregated; no file can have such a name."""
    return "\0".join((column, file, *([aggregate] if aggregate else [])))


class ColumnOptions(Section):
    """What a column of the file is; role says what it is for.

    column is what the file calls it, where that is not its name here. decimal and thousands are the signs in which its
    numbers are written, where they are not those of the file's `format`. missing are further texts that mean a missing
    value. An outcome is a number that was measured after the actions, beside the label: the report says what they
    changed. Rows in which a nullable one is missing are left out of its figures. file names the joined file in which
    the column stands, where it is not the table's own; aggregate says how its several rows of a customer become one.
    as_of makes a number of a column of days: how many lie between them and that day; written is how they are written
    (%d.%m.%Y), where that is not the year first.
    """

    type: ColumnType = "number"
    role: Role = "feature"
    column: Name | None = None
    file: Name | None = None
    aggregate: Aggregate | None = None
    as_of: Day | None = None
    written: Name | None = None
    meaning: str | None = None
    unit: str | None = None
    nullable: bool = False
    decimal: str | None = None
    thousands: str | None = None
    missing: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _role_and_type_agree(self) -> Self:
        if self.role == "outcome" and self.type not in NUMBERS:
            raise ValueError("a column of role 'outcome' is a number; give it another type or role")
        if self.type == "timestamp":
            raise ValueError(
                "a table has no history that a moment could belong to: count the days to it (type: number), or take the"
                " column out"
            )
        return self

    @model_validator(mode="after")
    def _only_numbers_are_summed_up(self) -> Self:
        if self.aggregate and (self.file is None or self.type not in NUMBERS):
            raise ValueError(
                "aggregate makes one number of several rows of a joined file: it needs file, and a number's type"
            )
        return self

    @model_validator(mode="after")
    def _only_days_have_a_day_to_count_to(self) -> Self:
        if self.as_of and (self.type not in NUMBERS or self.aggregate):
            raise ValueError("as_of makes the number of days to it: the type is a number's, and nothing is summed up")
        if self.written and not self.as_of:
            raise ValueError("written says how days are written that are counted to as_of; give as_of, too")
        return self

    @model_validator(mode="after")
    def _signs_are_of_a_number(self) -> Self:
        said = [name for name in ("decimal", "thousands") if getattr(self, name) is not None]
        if said and self.type not in NUMBERS:
            raise ValueError(f"{' and '.join(said)} say how numbers are written, and the type is '{self.type}'")
        for name in said:
            checked_sign(getattr(self, name), name)
        return self

    @model_validator(mode="after")
    def _values_are_of_the_type(self) -> Self:
        bounds = [name for name in ("minimum", "maximum") if getattr(self, name) is not None]
        if bounds and self.type not in NUMBERS:
            raise ValueError(f"{' and '.join(bounds)} bound numbers, and the type is '{self.type}'")
        if self.minimum is not None and self.maximum is not None and self.maximum < self.minimum:
            raise ValueError(f"maximum {self.maximum:.15g} is below minimum {self.minimum:.15g}")
        if self.values and self.type not in ("category", "text"):
            raise ValueError(f"values are those of a category, and the type is '{self.type}'")
        if twice := sorted({value for value in self.values if self.values.count(value) > 1}):
            raise ValueError(f"values holds {twice} twice")
        return self


class JoinOptions(Section):
    """One more file of a table: the column that is its key, and the column by which its row is found.

    by is the table's key where it is not said, and a column of the table's own file, or of the file `of`, which is
    joined before. A key that the file does not have gives nothing; one with several rows is refused, but where the
    columns say how these become one.
    """

    file: Name
    key: Name
    by: Name | None = None
    of: Name | None = None
    format: FileFormat | None = None


class TableOptions(SourceOptions):
    """Options of a table source: its file, key (the row's content if none), texts that mean missing, and columns.

    format says how the file is read where it is no CSV with names in its first line. joins are further files. leave_out
    names, by column of the file, the values of which rows are left out: they are counted, and nobody sees them again.
    """

    kind: Literal["table"] = "table"
    file: Name
    format: FileFormat | None = None
    key: Name | None = None
    missing: tuple[str, ...] = ("",)
    columns: dict[str, ColumnOptions] = Field(min_length=1)
    treatment: ArmColumn | None = None
    joins: tuple[JoinOptions, ...] = ()
    leave_out: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_not_ours(self) -> Self:
        if faults := list(_faults(self)):
            raise ValueError("; ".join(faults))
        return self

    @model_validator(mode="after")
    def _joins_agree(self) -> Self:
        if faults := list(_join_faults(self)):
            raise ValueError("; ".join(faults))
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """All files of the table, the main file first."""
        return (self.file, *(join.file for join in self.joins))

    @model_validator(mode="after")
    def _numbers_are_written_in_one_way(self) -> Self:
        every = [
            *self.whole_format().signs.items(),
            *(one for join in self.joins for one in self.whole_format(join).signs.items()),
        ]
        for place, signs in every:
            if signs.decimal == signs.thousands:
                raise ValueError(f"the numbers of '{place}' have {signs.decimal!r} for decimal and for thousands")
        return self

    def whole_format(self, join: JoinOptions | None = None) -> FileFormat:
        """The format of the main file, or of a joined one, with the number signs of all its numeric columns.

        The logged probability is one of them; a date column is not.
        """
        form, file = (join.format, join.file) if join else (self.format, None)
        form = form or PLAIN
        numbers = {one.column: one for one in form.numbers}
        columns = {one.column or name: one for name, one in self.columns.items() if one.file == file}
        declared = {place: one for place, one in columns.items() if one.type in NUMBERS and not one.as_of}
        whole = [self._number(numbers.get(place, NumberColumn(column=place)), one) for place, one in declared.items()]
        if not join and self.treatment and self.treatment.probability and self.treatment.probability not in declared:
            place = self.treatment.probability
            whole.append(numbers.get(place, NumberColumn(column=place)))
        found = form.model_copy(update={"numbers": tuple(whole)})
        return form if all(signs.is_plain for signs in found.signs.values()) else found

    @staticmethod
    def _number(of_file: NumberColumn, column: ColumnOptions) -> NumberColumn:
        """The number signs of a column: its own, or those of the file's format."""
        own = {"decimal": column.decimal, "thousands": column.thousands}
        return of_file.model_copy(update={sign: said for sign, said in own.items() if said is not None})

    def in_the_file(self, name: str) -> str:
        """The name in the rows of a column of the spec: its name in the file, joined ones with their file."""
        column = self.columns[name]
        held = column.column or name
        return joined_name(held, column.file, column.aggregate) if column.file else held


def _join_faults(options: TableOptions) -> Iterator[str]:
    before = [options.file]
    for number, join in enumerate(options.joins):
        if join.file in before:
            yield f"joins[{number}].file: '{join.file}' is there already; each file is joined once"
        if join.of is not None and join.of not in before[1:]:
            yield f"joins[{number}].of: '{join.of}' is not joined before; there are {before[1:]}"
        if join.by is None and (options.key is None or join.of is not None):
            yield f"joins[{number}].by: say by which column of {join.of or options.file} a row of {join.file} is found"
        before.append(join.file)
        columns = {name: one for name, one in options.columns.items() if one.file == join.file}
        single = [name for name, one in columns.items() if one.aggregate is None]
        if single and len(single) < len(columns):
            yield f"columns.{single[0]}: of {join.file} other columns have an aggregate; give it one too"
    for name, column in options.columns.items():
        if column.file is not None and column.file not in before[1:]:
            yield f"columns.{name}.file: '{column.file}' is no joined file; there are {before[1:]}"


def _faults(options: TableOptions) -> Iterator[str]:
    every = reserved.names_for(options.treatment.arms if options.treatment else ())
    taken = [*every, *options.columns]
    for name, column in options.columns.items():
        # The label does not stand beside the features: it becomes `churned`.
        why = reserved.why_taken(name, reserved.OF_THE_TABLE if column.role == "label" else every)
        if why:
            yield _name_error(name, column, why, taken)
    for first, second in reserved.alike(list(options.columns)):
        why = f"'{second}' and '{first}' differ by capital letters only"
        yield _name_error(second, options.columns[second], why, taken)


def _name_error(name: str, column: ColumnOptions, why: str, taken: list[str]) -> str:
    """The error for a reserved or repeated name, with the line of the spec to write instead."""
    free = reserved.free_name(name, taken)
    plain: dict[str, Any] = {
        "column": column.column or name,
        **column.model_dump(exclude_unset=True, exclude={"column"}),
    }
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}
    line = yaml.safe_dump({free: plain}, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return (
        f"source.columns.{name}: {why}; keep the file and write {line.strip()[1:-1]} instead, and '{free}' wherever the"
        " spec means this column"
    )

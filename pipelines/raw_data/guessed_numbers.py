"""Guess of the numeric columns of a text file, and of their decimal and thousands separators."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from features.file_format import FileFormat
from features.written_numbers import USUAL, Signs, fitting, plain_texts
from pipelines.raw_data.guesses import Decision

PLAIN = Signs()
# Digits with a leading zero, or 16 and more of them, are an identifier and not a number.
_IDENTIFIER = r"^\s*[+-]?0[0-9]|[0-9]{16}"

Rows = Sequence[tuple[int, tuple[str, ...]]]


@dataclass(frozen=True)
class _Column:
    """A column: its cells, and the signs by which every cell that is not blank can be read as a number."""

    name: str
    cells: pa.Array
    fits: tuple[Signs, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it can be read as plain numbers, with a decimal point."""
        return PLAIN in self.fits

    def differs(self, one: Signs, other: Signs) -> bool:
        """Whether two choices of signs give different numbers."""
        return not plain_texts(self.cells, one).equals(plain_texts(self.cells, other))

    def is_clear(self, signs: Signs) -> bool:
        """Whether it can be read with these signs, and no others give different numbers."""
        return signs in self.fits and not any(self.differs(one, signs) for one in self.fits)


def numbers_of(form: FileFormat, names: Sequence[str], rows: Rows) -> tuple[FileFormat, list[Decision]]:
    """The format with the signs of its numbers and the columns that are such, where a cast does not read them.

    names are those of the columns; rows have as many cells, each row with its line. Each decision is of one column and
    has the cell that decided it.
    """
    columns = [_column(name, [row[place] for _, row in rows]) for place, name in enumerate(names)]
    columns = [one for one in columns if one.fits]
    strange = [one for one in columns if not one.is_plain]
    if not strange:
        return form, [_unclear(one, rows) for one in columns if one.differs(PLAIN, Signs(",", "."))]
    chosen = max(USUAL[1:], key=lambda one: (sum(one in column.fits for column in strange), _prior(one, form)))
    is_known = any(one.is_clear(chosen) for one in strange)
    numbers, decided = [], []
    for one in columns:
        signs = chosen if chosen in one.fits else max(one.fits, key=lambda signs: _prior(signs, form))
        own = {} if signs == chosen else {"decimal": signs.decimal, "thousands": signs.thousands}
        numbers.append({"column": one.name, **own})
        if not one.is_plain or one.differs(PLAIN, signs):
            decided.append(_decision(one, signs, rows, is_known=is_known and signs == chosen))
    plain = {**form.model_dump(exclude_defaults=True), "decimal": chosen.decimal, "thousands": chosen.thousands}
    return FileFormat.model_validate({**plain, "numbers": numbers}), decided


def _column(name: str, texts: Sequence[str]) -> _Column:
    cells = pa.array(texts, pa.string())
    filled = cells.filter(pc.not_equal(pc.utf8_trim_whitespace(cells), ""))
    if not len(filled) or pc.any(pc.match_substring_regex(filled, _IDENTIFIER)).as_py():
        return _Column(name, cells, ())
    return _Column(name, cells, fitting(filled))


def _prior(signs: Signs, form: FileFormat) -> tuple[bool, int]:
    """Where semicolons separate fields, a comma mostly comes before the fraction; the simpler signs first."""
    return (signs.decimal == ",") == (form.separator == ";"), -USUAL.index(signs)


def _decision(column: _Column, signs: Signs, rows: Rows, *, is_known: bool) -> Decision:
    line, text = next(_telling(column, signs, rows))
    others = [one for one in column.fits if column.differs(one, signs)]
    why = f"every cell is a number with {signs.told}"
    if others:
        why += f", and with {others[0].told}"
        why += "; another column is with the first alone" if is_known else "; nothing says which"
    return Decision(
        f"numbers of {column.name}", signs.told, "open" if others and not is_known else "likely", line, text, why
    )


def _telling(column: _Column, signs: Signs, rows: Rows) -> Iterator[tuple[int, str]]:
    """The cells that these signs change, with their lines; if there are none, the first cell."""
    texts, read = column.cells.to_pylist(), plain_texts(column.cells, signs).to_pylist()
    for (line, _), text, plain in zip(rows, texts, read, strict=True):
        if text != plain:
            yield line, text
    yield rows[0][0], texts[0]


def _unclear(column: _Column, rows: Rows) -> Decision:
    """The decision on a column that is read as decimal fractions, but may have points between thousands."""
    line, text = next(_telling(column, Signs(",", "."), rows))
    why = 'read as a fraction; where a point stands between thousands, say `thousands: ".", decimal: ","`'
    return Decision(f"numbers of {column.name}", PLAIN.told, "open", line, text, why)

"""Guess of a text file's separator and quotes, and of whether its first line is a header.

DuckDB's sniffer was tried first: it takes `1;1,5` for two fields separated by a comma, knows only five separators, and
does not report which line decided. Here the separator is the one that gives all rows the same number of fields, with no
other separator within a field.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from features.file_format import FileFormat
from pipelines.raw_data.csv_rows import Lines, long_fields, reader
from pipelines.raw_data.guesses import Decision, Sure

LIKE_DATA = re.compile(
    r"[-+]?\d+([.,' \u00a0\u202f’]\d+)*|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?|\d{1,2}:\d\d(:\d\d)?"
    r"|[^@\s]+@[^@\s]+\.\w+"
)
_STRONG, _RARE, _WEAK = (",", ";", "\t", "|"), ("^", "\x01", "¦", "¬"), ("~", "§", ":", " ")
_WORDS = {"\t": "tabs", " ": "blanks", "\x01": "bytes 1"}
ROWS = 5_000
FEW = 20
# A separator that is also common within texts must give at least so many columns.
_WEAK_COLUMNS = 3


@dataclass(frozen=True)
class Fields:
    """The rows of a sample as one format reads them, each with its line, and how well the format fits."""

    form: FileFormat
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    width: int
    agreeing: float
    clean: float
    is_whole: bool

    @property
    def rank(self) -> tuple[bool, float, float]:
        """How well the format fits, as a sort key; higher is better."""
        return self.is_whole, round(self.agreeing, 2), round(self.clean, 3)


def fields_of(sample: str) -> tuple[Fields, list[Decision]]:
    """The best-fitting separator and quotes of a text, and the decisions that led to them."""
    found = [one for form in _candidates(sample) if (one := _read(sample, form)) is not None]
    first = _first_line(sample)
    if not found:
        alone = _read(sample, FileFormat(), alone=True) or Fields(FileFormat(), (), 1, 1.0, 1.0, is_whole=True)
        return alone, [Decision("separator", '","', "open", 1, first, "no sign separates it: one column")]
    best = max(found, key=lambda one: one.rank)
    return best, list(_decided(best, found, sample, first))


def _first_line(sample: str) -> str:
    return re.split(r"[\r\n]", sample, maxsplit=1)[0]


def _candidates(sample: str) -> list[FileFormat]:
    start = sample[:20_000]
    forms = []
    for sign in (*_STRONG, *_RARE, *_WEAK):
        if sign not in start:
            continue
        found = FileFormat(separator=sign)
        if '"' in start and re.search(r'[^\\]\\"', start):
            forms.append(FileFormat(separator=sign, escape="\\"))
        edge = re.escape(sign)
        if len(re.findall(rf"(?m)(?:^|{edge})'|'(?:{edge}|$)", start)) >= 4 and '"' not in start:
            forms.append(FileFormat(separator=sign, quote="'"))
        if '"' in start:
            forms += [found, FileFormat(separator=sign, quote="")]
        else:
            forms.append(found)
    return forms


def _read(sample: str, form: FileFormat, *, alone: bool = False) -> Fields | None:
    rows: list[tuple[int, tuple[str, ...]]] = []
    is_whole = True
    with long_fields():
        lines = Lines(io.StringIO(sample, newline=""))
        several = reader(lines, form)
        try:
            while len(rows) < ROWS:
                lines.began = lines.number + 1
                row = next(several, None)
                if row is None:
                    break
                if row:
                    rows.append((lines.began, tuple(row)))
        except csv.Error:
            is_whole = False
    if not rows:
        return None
    ((width, often),) = Counter(len(row) for _, row in rows).most_common(1)
    weak = form.separator in _WEAK and not alone
    if not alone and (width < 2 or (weak and (width < _WEAK_COLUMNS or often < len(rows)))):
        return None
    cells = [cell for _, row in islice(rows, 500) for cell in row if cell]
    clean = sum(_is_clean(cell, form) for cell in cells) / max(len(cells), 1) - 0.5 * weak
    return Fields(form, tuple(rows), width, often / len(rows), clean, is_whole)


def _is_clean(cell: str, form: FileFormat) -> bool:
    """Whether a cell is a number or date, or a text without another separator or a quote."""
    if LIKE_DATA.fullmatch(cell.strip()):
        return True
    others = [sign for sign in _STRONG if sign != form.separator and sign in cell]
    quotes = cell[:1] in ("\"'" if form.quote != "'" else '"') or cell[-1:] == '"' or '\\"' in cell
    return not others and not quotes


def _decided(best: Fields, found: list[Fields], sample: str, first: str) -> list[Decision]:
    sign = best.form.separator
    same = f"all {len(best.rows):,} rows" if best.agreeing == 1 else f"{best.agreeing:.0%} of the rows"
    rivals = sorted({_said(one.form.separator) for one in found if one.form.separator != sign and one.agreeing == 1})
    odd = next((at for at, row in best.rows if len(row) != best.width), None)
    why = f"{_said(sign)} give {same} {best.width} fields"
    why += f"; with {' or '.join(rivals)} fields would hold separators of another kind" if rivals else ""
    why += f"; line {odd} has another number" if odd else ""
    sure: Sure = (
        "open" if best.agreeing < 1 or len(best.rows) < 2 or not best.is_whole else "likely" if rivals else "certain"
    )
    decided = [Decision("separator", _shown(sign), sure, 1, first, why)]
    if best.form.quote != '"' or best.form.escape:
        pattern = r"\\" + '"' if best.form.escape else best.form.quote or '"'
        lines = re.split(r"\r\n|\r|\n", sample)
        at = next((number for number, line in enumerate(lines, start=1) if re.search(pattern, line)), 1)
        what = "escape" if best.form.escape else "quote"
        decided.append(
            Decision(what, _shown(best.form.escape or best.form.quote), "likely", at, lines[at - 1], _quoted(best.form))
        )
    return decided


def _quoted(form: FileFormat) -> str:
    if form.escape:
        return 'a backslash stands before a " within a field'
    return f"{form.quote} stands around fields" if form.quote else 'a " in it opens nothing'


def _said(sign: str) -> str:
    return _WORDS.get(sign, f"'{sign}'")


def _shown(sign: str) -> str:
    return '"' + sign.replace("\t", "\\t").replace("\x01", "\\x01") + '"'


def header_of(found: Fields, lines: Sequence[str] = ()) -> Decision:
    """Whether the first row is a header: its cells are no data where those below are, or none is blank or repeated.

    lines are the lines of the text; empty for other kinds of files.
    """
    if not found.rows:
        return Decision("header", "true", "open", 1, "", "there is no row")
    line, first = found.rows[0]
    has_names, sure, why = _names_stand_in(first, [row for _, row in found.rows[1:]])
    text = lines[line - 1].rstrip("\r\n") if lines else " ".join(first)
    return Decision("header", "true" if has_names else "false", sure, line, text, why)


def _names_stand_in(first: tuple[str, ...], below: list[tuple[str, ...]]) -> tuple[bool, Sure, str]:
    """Whether a row is the header of the rows below, how sure that is, and why."""
    like = [place for place, cell in enumerate(first) if LIKE_DATA.fullmatch(cell.strip())]
    typed = [place for place in range(len(first)) if below and all(_is_datum(row, place) for row in below)]
    named = [place for place in typed if first[place].strip()]
    again = any(first[place] in {row[place] for row in below if len(row) > place} for place in range(len(first)))
    unseen = [place for place in range(len(first)) if place not in like and _has_few_values(below, place)]
    found: tuple[bool, Sure, str]
    if like and unseen and all(first[place] not in {row[place] for row in below} for place in unseen):
        found = True, "open", f"{first[unseen[0]]!r} is none of the few values that stand below it"
    elif like and set(like) <= set(typed):
        found = False, "likely", f"{first[like[0]]!r} looks like data, as what stands below it does"
    elif like:
        found = True, "open", f"{first[like[0]]!r} looks like data, and what stands below it does not"
    elif named:
        such = next((row[named[0]] for row in below if row[named[0]].strip()), "")
        why = f"{first[named[0]]!r} is no datum, and what stands below it is, such as {such!r}"
        found = True, "certain", why
    elif len(set(first)) < len(first) or not all(cell.strip() for cell in first):
        found = False, "open", "a cell is blank or there twice, as no name is"
    elif again:
        found = False, "open", "a cell stands in later rows of its column, too"
    else:
        found = True, "likely", "its cells stand in no later row; all columns hold texts"
    return found


def _has_few_values(rows: list[tuple[str, ...]], place: int) -> bool:
    """Whether a column has so few values that its first row would hardly have one of its own."""
    values = [row[place] for row in rows if len(row) > place]
    return len(values) == len(rows) > FEW and len(set(values)) <= FEW


def _is_datum(row: tuple[str, ...], place: int) -> bool:
    return len(row) > place and (not row[place].strip() or LIKE_DATA.fullmatch(row[place].strip()) is not None)

"""Tables written in any form that people send, by a writer of our own."""

import gzip
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from features.file_format import FileFormat

# Letters that each encoding has, beside those that separate and quote.
LETTERS = {
    "utf-8": "é客😀ß",
    "utf-16": "é客😀ß",
    "utf-16-le": "é客😀ß",
    "utf-16-be": "é客😀ß",
    "latin-1": "éßÃ©ü",
    "cp1252": "éß€Ã",
    "mac-roman": "éß∑œ",
    "gb18030": "客户é北😀",
}
SEPARATORS = (",", ";", "\t", "|", "^", "\x01", "¦", " ")
ENDS = ("\n", "\r\n", "\r")
PACKED = ("", ".gz", ".zip", "folder")
PLAIN_LETTERS = "ab01,;|. -'\"\\"


@dataclass(frozen=True)
class Written:
    """A table and how it stands in a file."""

    names: tuple[str, ...]
    rows: list[list[str]]
    form: FileFormat
    end: str
    marked: bool
    packed: str
    all_quoted: bool

    def content(self, rows: Sequence[Sequence[str]]) -> bytes:
        """A file with these rows."""
        lines = [*([self.names] if self.form.header else []), *rows]
        text = "".join(self.form.separator.join(map(self.field, row)) + self.end for row in lines)
        mark = "\ufeff" if self.marked and self.form.encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030") else ""
        return (mark + text).encode(self.form.encoding)

    def field(self, cell: str) -> str:
        quote, escape = self.form.quote, self.form.escape
        if not quote:
            return cell
        signs = {self.form.separator, quote, "\n", "\r", "\\" if escape else quote}
        if not (self.all_quoted or not cell or cell[0] == " " or signs & set(cell)):
            return cell
        inner = cell.replace("\\", "\\\\").replace(quote, f"\\{quote}") if escape else cell.replace(quote, quote * 2)
        return f"{quote}{inner}{quote}"

    def write(self, folder: Path) -> str:
        """Write it; the name of the file or folder."""
        if self.packed == "folder":
            (folder / "a").mkdir()
            half = (len(self.rows) + 1) // 2
            for number, rows in enumerate((self.rows[:half], self.rows[half:])):
                if rows:
                    (folder / "a" / f"part-{number}.csv").write_bytes(self.content(rows))
            (folder / "a" / "_SUCCESS").write_bytes(b"")
            return "a"
        content, name = self.content(self.rows), f"a.csv{self.packed}"
        if self.packed == ".gz":
            content = gzip.compress(content, mtime=0)
        if self.packed == ".zip":
            with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("__MACOSX/._a.csv", b"x")
                archive.writestr("a.csv", content)
            return name
        (folder / name).write_bytes(content)
        return name

    @property
    def first_row_breaks_otherwise(self) -> bool:
        """Whether a field of the first row of a file holds another line end than its lines have: that is refused."""
        half = (len(self.rows) + 1) // 2 if self.packed == "folder" else len(self.rows)
        firsts = [self.names] if self.form.header else [self.rows[0], *self.rows[half : half + 1]]
        breaks = {"\r\n", "\n", "\r"} - {self.end}
        return any(one in cell.replace(self.end, "") for row in firsts for cell in row for one in breaks) or any(
            "\r\n" in cell and self.end != "\r\n" for row in firsts for cell in row
        )

    @property
    def is_utf8_by_chance(self) -> bool:
        """Whether the bytes are UTF-8 and would be taken for it: that is refused."""
        content = self.content(self.rows)
        try:
            return not content.decode("utf-8").isascii()
        except UnicodeDecodeError:
            return False


@st.composite
def tables(draw: st.DrawFn) -> Written:
    """Any small table in any form."""
    encoding = draw(st.sampled_from(sorted(LETTERS)))
    quote = draw(st.sampled_from(('"', '"', "'", "")))
    escape = draw(st.sampled_from(("", "\\"))) if quote else ""
    end, header = draw(st.sampled_from(ENDS)), draw(st.booleans())
    separators = [one for one in SEPARATORS if one != "¦" or encoding in ("utf-8", "latin-1", "cp1252", "utf-16-le")]
    separator = draw(st.sampled_from(separators))
    alphabet = PLAIN_LETTERS + LETTERS[encoding] + ("\n\r\t" if quote else "")
    if not quote:
        alphabet = "".join(one for one in alphabet if one != separator)
    width = draw(st.integers(2, 3))
    names = tuple(f"{'n' if one else 'N'}ame{one}" for one in range(width))
    # Some readers take a row of nothing for none.
    cells = st.text(alphabet, max_size=6)
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=5))
    form = FileFormat(
        encoding=encoding, quote=quote, escape=escape, separator=separator, header=header, names=() if header else names
    )
    packed = draw(st.sampled_from(PACKED))
    return Written(names, rows, form, end, draw(st.booleans()), packed, draw(st.booleans()) and bool(quote))

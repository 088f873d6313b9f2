"""The parts of a raw file: one file, or all files of a folder, uncompressed and converted to UTF-8."""

import codecs
import errno
import gzip
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from features.errors import DataError
from features.file_format import PLAIN, FileFormat, Kind
from pipelines.raw_data.decoding import decode

KINDS: dict[str, Kind] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
}
PACKED = (".gz", ".zip")
_WORDS = {"csv": "text with separators", "parquet": "Parquet", "excel": "Excel", "json_lines": "JSON lines"}


@dataclass(frozen=True)
class Part:
    """An uncompressed file in UTF-8: its name in messages, its path, kind and format."""

    name: str
    path: Path
    kind: Kind
    form: FileFormat


def is_data(path: Path) -> bool:
    """Whether a file, or a file in a folder, has a name that raw data can have."""
    if path.is_dir():
        return any(is_data(one) for one in in_folder(path))
    suffix = path.suffix.lower()
    inner = Path(path.stem).suffix.lower()
    return suffix in KINDS or suffix == ".zip" or (suffix == ".gz" and inner in KINDS)


def in_folder(folder: Path) -> list[Path]:
    """The files of a folder of parts, in order, without metadata files (names that begin with a dot or underscore)."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "_")))


def parts_of(path: Path, form: FileFormat | None, scratch: Path) -> list[Part]:
    """The parts of a raw file; those that must be uncompressed or converted to UTF-8 are written to scratch.

    Raises DataError where one cannot be uncompressed or decoded, parts are of several kinds, or the format has an
    option that does not apply to this kind of file.
    """
    if not path.is_dir():
        return [_part(path.name, path, form, scratch)]
    found = [_part(f"{path.name}/{one.name}", one, form, scratch) for one in in_folder(path)]
    if not found:
        raise DataError(f"{path.name} is a folder without files; it should hold the parts of one table.")
    if others := [one for one in found if one.kind != found[0].kind]:
        raise DataError(
            f"{found[0].name} is {_WORDS[found[0].kind]} and {others[0].name} is {_WORDS[others[0].kind]}; the parts of"
            " one table must be of one kind."
        )
    return found


def _part(name: str, path: Path, form: FileFormat | None, scratch: Path) -> Part:
    name, path, inner = unpacked(name, path, scratch)
    form = form or PLAIN
    kind = form.kind or KINDS.get(Path(inner).suffix.lower(), "csv")
    if strange := form.strange_to(kind):
        raise DataError(f"{name} is {_WORDS[kind]}, which has no {', '.join(strange)}; take it out of its `format`.")
    if form.encoding != "utf-8" or (kind == "json_lines" and _has_mark(path)):  # which DuckDB takes for no JSON
        out = _new(scratch)
        decode(path, form.encoding, name=name, out=out)
        path, form = out, form.model_copy(update={"encoding": "utf-8"})
    return Part(name, path, kind, form)


def unpacked(name: str, path: Path, scratch: Path) -> tuple[str, Path, str]:
    """The name of a file in messages, the path of its uncompressed content, and the name within the archive.

    Raises DataError where the archive is damaged, encrypted, or holds several files.
    """
    suffix = path.suffix.lower()
    if suffix not in PACKED:
        return name, path, path.name
    try:
        return _from_gzip(name, path, scratch) if suffix == ".gz" else _from_zip(name, path, scratch)
    except (gzip.BadGzipFile, BadZipFile, EOFError, zlib.error, NotImplementedError) as error:
        raise DataError(f"{name} cannot be unpacked ({error}); it is damaged or cut off: fetch it again.") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning, which a damaged list of members names
            raise
        raise DataError(f"{name} cannot be unpacked; it is damaged or cut off: fetch it again.") from error


def _has_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(3) == codecs.BOM_UTF8


def _from_gzip(name: str, path: Path, scratch: Path) -> tuple[str, Path, str]:
    out = _new(scratch)
    with gzip.open(path) as packed, out.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1_000_000)
    return name, out, path.stem


def _from_zip(name: str, path: Path, scratch: Path) -> tuple[str, Path, str]:
    out = _new(scratch)
    with ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and not _is_about(one.filename)]
        if len(members) != 1:
            held = ", ".join(one.filename for one in members[:5]) or "none"
            raise DataError(
                f"{name} holds {len(members)} files ({held}); pack one, or unpack it and give a folder of the parts."
            )
        [member] = members
        if member.flag_bits & 1:
            raise DataError(f"{name} is locked by a password; unpack it first.")
        with archive.open(member) as packed, out.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1_000_000)
    return f"{name}/{member.filename}", out, member.filename


def _is_about(name: str) -> bool:
    """Whether it is a metadata file of macOS in an archive."""
    return name.startswith("__MACOSX/") or Path(name).name.startswith(".")


def _new(scratch: Path) -> Path:
    return scratch / f"{len(list(scratch.iterdir()))}"

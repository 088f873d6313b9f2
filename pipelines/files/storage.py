"""Atomic reading and writing of files: a half-written file is never left in place."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, HoldfastError, MissingError, StorageError

# How many rows of a Parquet file stand together: few enough that their customers have a dictionary.
ROWS = 1 << 17
# How many rows at the head of a table tell whether the values of a column repeat.
SAMPLE = 1 << 14


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path beside target; it replaces target when the block ends well, and is removed otherwise.

    The block may write a file or make a folder there. A folder at target is moved aside first and comes back
    when anything goes wrong, at the next call at the latest. Raises StorageError when the disk refuses.
    """
    temporary, old = target.with_name(f".{target.name}.tmp"), target.with_name(f".{target.name}.old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _recover(target, old)
        _remove(temporary)
        yield temporary
        if target.is_dir():  # a file is replaced in one step, a folder cannot be
            target.replace(old)
        temporary.replace(target)
    except OSError as error:
        if isinstance(error, HoldfastError):
            raise
        why = f"cannot write {target}: {error.strerror or error}. Nothing was changed"
        raise StorageError(f"{why}; make room, or the folder writable, and run the same command again.") from error
    finally:
        _recover(target, old)
        _remove(temporary)


def _recover(target: Path, old: Path) -> None:
    """Restore what was moved aside where nothing has replaced it, else delete it."""
    if old.exists() and not target.exists():
        old.replace(target)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Like `replacing`, with the temporary folder created."""
    with replacing(target) as temporary:
        temporary.mkdir(parents=True)
        yield temporary


def write_bytes(path: Path, content: bytes) -> None:
    """Write content to path atomically. Raises StorageError when the disk refuses."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, plain: Any) -> None:
    """Write plain data as JSON with sorted keys; NaN is refused."""
    text = json.dumps(plain, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_bytes(path, f"{text}\n".encode())


def read_json(path: Path) -> Any:
    """Read JSON. Raises MissingError when the file does not exist, DataError when it is not JSON."""
    if not path.exists():
        raise MissingError(f"no file {path}; `python -m pipelines run SPEC` runs the stages that make it.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no JSON: {error}. Remove it and run the same command again.") from error


def read_receipt(path: Path) -> Any:
    """A receipt's content; None where it is absent or unreadable: then its command does its work again."""
    try:
        return read_json(path)
    except (MissingError, DataError):
        return None


def write_parquet(path: Path, rows: pa.Table) -> None:
    """Write rows so that equal rows give equal bytes.

    LZ4, with moments as differences, is as small as Zstandard where there are events, and sooner read.
    """
    moments = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    with replacing(path) as temporary:
        pq.write_table(
            rows.replace_schema_metadata(None),
            temporary,
            compression="lz4",
            use_dictionary=[name for name in rows.column_names if name not in moments and _repeats(rows[name])],
            column_encoding=dict.fromkeys(moments, "DELTA_BINARY_PACKED"),
            row_group_size=ROWS,
            write_statistics=moments,  # what a reader looks for is between two moments
        )


def _repeats(values: pa.ChunkedArray) -> bool:
    """Whether more than a tenth of the first values repeat; otherwise a dictionary is slow and large."""
    first = values.slice(0, SAMPLE).drop_null()
    return len(first.unique()) < 0.9 * len(first)


def read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one Parquet file, or all of a folder in order of name. Raises MissingError when there is none."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise MissingError(f"no Parquet file at {path}; `python -m pipelines run SPEC` runs the stages that make it.")
    return pa.concat_tables([pq.read_table(file, columns=columns) for file in files], promote_options="default")


def digest(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of everything in a folder, 16 hex digits."""
    found = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            found.update(str(file.relative_to(path)).encode())
            with file.open("rb") as content:
                found.update(hashlib.file_digest(content, "sha256").digest())
    return found.hexdigest()[:16]

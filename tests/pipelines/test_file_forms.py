"""Files as they come: in every form each cell is read as it was written, and what is damaged is told in one line."""

import csv
import io
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.file_format import FileFormat
from pipelines.raw_data import raw_files
from tests.pipelines.file_forms import Written, tables


def read(folder: Path, name: str, form: FileFormat) -> tuple[list[list[str]], list[list[str]]]:
    """A file by both readers, once it was found sound."""
    with raw_files.opened(folder, {name: form}) as files:
        rows = files.check(name).rows
        texts = [list(row.values()) for row in files.texts(name).to_pylist()]
        view = files.database.sql(f"FROM {files.relation(name)}").fetchall()
    assert rows == len(texts) == len(view)
    return texts, [[cell or "" for cell in row] for row in view]


@settings(max_examples=300, deadline=None)
@given(tables())
def test_every_cell_is_read_as_it_was_written_in_every_form(
    tmp_path_factory: pytest.TempPathFactory, written: Written
) -> None:
    folder = tmp_path_factory.mktemp("forms")
    name = written.write(folder)
    try:
        texts, view = read(folder, name, written.form)
    except DataError as error:
        breaks = "a field holds a line break" in str(error) and written.first_row_breaks_otherwise
        chance = "is UTF-8" in str(error) and written.is_utf8_by_chance
        assert breaks or chance, str(error)
        return
    assert texts == written.rows
    assert sorted(view) == sorted(written.rows)

"""Temporary files go with their command, or with the next one."""

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from features.errors import StorageError
from pipelines.processes import processes, scratch


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def left(place: Path, name: str, **changes: str) -> Path:
    folder = place / f"{scratch.PREFIX}{name}"
    (folder / "spill").mkdir(parents=True)
    (folder / scratch.OWNER).write_text(json.dumps(replace(processes.this(), **changes).to_dict()))  # type: ignore[arg-type]
    return folder


def test_what_libraries_put_aside_is_gone_with_the_command(place: Path) -> None:
    with scratch.own():
        folder = Path(tempfile.mkdtemp())
        assert folder.parent.parent == place
        assert os.environ["TMPDIR"] == str(folder.parent)
    assert list(place.iterdir()) == []
    assert tempfile.gettempdir() == str(place)


def test_the_next_command_removes_what_a_killed_one_left_and_nothing_else(place: Path) -> None:
    dead = left(place, "dead", started="1")
    alive, elsewhere = left(place, "alive"), left(place, "elsewhere", host="elsewhere", started="1")
    others = place / "holdfast-spill-of-others"
    others.mkdir()
    young = place / f"{scratch.PREFIX}young"
    young.mkdir()
    with scratch.own():
        assert not dead.exists()
    assert sorted(place.iterdir()) == sorted([alive, elsewhere, others, young])
    os.utime(young, (0, 0))
    with scratch.own():
        assert not young.exists()


@pytest.mark.usefixtures("place")
def test_a_stage_uses_the_folder_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with scratch.own():
        monkeypatch.setenv(processes.RUN, "1 1")
        before = tempfile.gettempdir()
        with scratch.own():
            assert tempfile.gettempdir() == before
        monkeypatch.delenv(processes.RUN)
        assert Path(before).exists()


def test_no_room_for_temporary_files_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(place / "file"))
    (place / "file").write_text("no folder")
    with pytest.raises(StorageError, match="set TMPDIR"), scratch.own():
        pass

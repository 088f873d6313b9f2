"""Nothing is removed by halves, and what is gone already is no error."""

from pathlib import Path

from pipelines.processes.removal import remove


def test_files_folders_and_what_a_kill_left_of_one_go(tmp_path: Path) -> None:
    file, folder, left = tmp_path / "a", tmp_path / "b", tmp_path / ".b.tmp"
    file.write_text("x")
    for one in (folder, left):
        one.mkdir()
        (one / "x").write_text("x")
    for one in (file, folder, tmp_path / "none", folder):
        remove(one)
    assert list(tmp_path.iterdir()) == []
    left.mkdir()
    remove(left)
    assert list(tmp_path.iterdir()) == []

from pathlib import Path

import pytest
import yaml

from pipelines.jobs import stage_graph


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text("specs: [demo]\n")
    return tmp_path


def params(root: Path) -> dict[str, list[str]]:
    return yaml.safe_load((root / "params.yaml").read_text())


def test_a_reader_stands_in_a_list_of_its_own_which_older_files_lack(root: Path) -> None:
    stage_graph.put("tone", root, kind=stage_graph.TEXTS)
    assert params(root) == {"specs": ["demo"], "texts": ["tone"]}
    assert (root / "data/raw/tone/README.md").is_file()


def test_a_spec_that_is_there_stays_as_it_is(root: Path) -> None:
    stage_graph.put("demo", root)
    before = (root / "params.yaml").read_bytes()
    stage_graph.put("demo", root)
    assert (root / "params.yaml").read_bytes() == before
    assert params(root) == {"specs": ["demo"], "texts": []}


def test_a_spec_that_becomes_another_kind_changes_its_list(root: Path) -> None:
    stage_graph.put("demo", root, kind=stage_graph.TEXTS)
    assert params(root) == {"specs": [], "texts": ["demo"]}

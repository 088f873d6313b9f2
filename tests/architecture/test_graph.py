"""dvc.yaml tells the truth: one entry per spec, and every stage depends on all the code that it runs."""

from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

from pipelines.cli import ORDER, stages

# Not code of a stage: the way in, words on the screen, places, errors, and the reading of specs (they are params).
EVERYWHERE = {
    *("features", "experiments", "pipelines", "pipelines.stages", "pipelines.validation", "pipelines.reporting"),
    *(
        "pipelines.cli",
        "pipelines.log",
        "pipelines.workspace",
        "pipelines.specs",
        "pipelines.references",
        "pipelines.spec_text",
        "pipelines.failures",
    ),
    *("pipelines.graph", "features.errors", "features.plugins"),
    # How processes start, stop and say what went wrong, and with whom they talk.
    *(
        "pipelines.addresses",
        "pipelines.databases",
        "pipelines.faults",
        "pipelines.dvc_process",
        "pipelines.dvc_words",
        "pipelines.masking",
        "pipelines.probe",
        "pipelines.processes",
        "pipelines.run_lock",
        "pipelines.scratch",
        "pipelines.stopping",
    ),
    # How DVC's commands are done, or left undone.
    *("pipelines.dvc_lock", "pipelines.forks", "pipelines.handover", "pipelines.unchanged"),
}
# Folders of plug-ins are imported by name: what a stage takes from them, no import tells.
PLUGINS = {
    "features.definitions": {"build"},
    "features.labels": {"build"},
    "features.sources": {"ingest", "validate", "build"},
    "experiments.checks": {"tune"},
    "experiments.families": {"tune", "train"},
    "experiments.learners": {"tune", "train"},
    "experiments.metrics": {"tune", "train", "evaluate"},
}
DATA = {
    "train": ["pipelines/scorers"],
    "validate": ["pipelines/validation"],
    "evaluate": ["pipelines/reporting"],
    "ingest": ["features/world"],
}


@pytest.fixture(scope="module")
def graph(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "dvc.yaml").read_text())["stages"]


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("features", "experiments", "pipelines")


STAGES = ("ingest", "validate", "build", "tune", "train", "evaluate")


def test_the_graph_has_the_cached_stages_in_order(graph: dict[str, Any]) -> None:
    assert tuple(graph) == STAGES == ORDER[: len(STAGES)]
    assert set(stages()) == set(ORDER)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_one_entry_per_spec_and_runs_as_a_module(graph: dict[str, Any], stage: str) -> None:
    assert graph[stage]["matrix"] == {"spec": "${specs}"}
    assert graph[stage]["cmd"] == f"python -m pipelines {stage} ${{item.spec}}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_the_code_that_it_runs(
    graph: dict[str, Any], imports: grimp.ImportGraph, root: Path, stage: str
) -> None:
    start = f"pipelines.stages.{stage}"
    needed = ({start} | imports.find_upstream_modules(start)) - EVERYWHERE - PLUGINS.keys()
    for package in (package for package, users in PLUGINS.items() if stage in users):
        below = imports.find_descendants(package)
        needed |= {package, *below}.union(*(imports.find_upstream_modules(one) for one in below)) - EVERYWHERE
    assert set(DATA.get(stage, [])) <= set(graph[stage]["deps"])
    declared = [
        root / dep for dep in graph[stage]["deps"] if dep.split("/")[0] in ("features", "experiments", "pipelines")
    ]
    for dep in declared:
        assert dep.exists(), dep
    missing = [module for module in sorted(needed) if not covered(module, declared, root)]
    assert not missing


def covered(module: str, declared: list[Path], root: Path) -> bool:
    path = root / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return any(file == dep or dep in file.parents for dep in declared)


def test_every_spec_on_the_graph_has_a_file(root: Path) -> None:
    for spec in yaml.safe_load((root / "params.yaml").read_text())["specs"]:
        assert (root / "experiments" / "specs" / f"{spec}.yaml").exists()

"""dvc.yaml tells the truth: one entry per spec, and every stage depends on all the code and sections that it uses."""

import json
import subprocess
import sys
from importlib import import_module
from inspect import get_annotations
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from pipelines.jobs import text_jobs
from pipelines.messages.stage_names import ORDER, stages
from tests.architecture.dvc_graph import EVERYWHERE, PACKAGES, SECTIONS, SPEC, TEXTS, Imports, module_of, written

STAGES = ("ingest", "validate", "build", "tune", "train", "evaluate")
TEXT_STAGES = tuple(f"{stage}{TEXTS}" for stage in STAGES if stage != "build")
ALL = (*STAGES, *TEXT_STAGES)
# What is said of a model once it is there; no new threshold among it may read raw data or search again.
OF_JUDGING = {f"{SECTIONS}.{name}" for name in ("cost_of_churn", "evaluation", "gate", "score")}
OF_LEARNING = {f"{SECTIONS}.{name}" for name in ("checks", "tuning")}
LOADED = """
import json, sys
import {module}
print(json.dumps([file for name, one in sys.modules.items() if name.split(".")[0] in {packages}
                  if (file := getattr(one, "__file__", None)) and not file.endswith("__init__.py")]))
"""


@pytest.fixture(scope="module")
def graph(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "dvc.yaml").read_text())["stages"]


@pytest.fixture(scope="module")
def imports() -> Imports:
    return Imports()


def test_the_graph_has_the_cached_stages_in_order(graph: dict[str, Any]) -> None:
    assert tuple(graph) == ALL
    assert ORDER[: len(STAGES)] == STAGES
    assert set(stages()) == set(ORDER)
    assert tuple(one.removesuffix(TEXTS) for one in TEXT_STAGES) == text_jobs.STAGES[: len(TEXT_STAGES)]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_one_entry_per_spec_and_runs_as_a_module(graph: dict[str, Any], stage: str) -> None:
    assert graph[stage]["matrix"] == {"spec": "${specs}"}
    assert graph[stage]["cmd"] == f"python -m pipelines {stage} ${{item.spec}}"


@pytest.mark.parametrize("stage", TEXT_STAGES)
def test_a_stage_of_texts_has_one_entry_per_reader(graph: dict[str, Any], stage: str) -> None:
    assert graph[stage]["matrix"] == {"texts": "${texts}"}
    assert graph[stage]["cmd"] == f"python -m pipelines {stage.removesuffix(TEXTS)} ${{item.texts}}"


@pytest.mark.parametrize("stage", TEXT_STAGES)
def test_a_stage_of_texts_watches_the_keys_that_it_asks_of_its_spec(graph: dict[str, Any], stage: str) -> None:
    (watched,) = graph[stage]["params"]
    assert list(watched) == ["experiments/specs/${item.texts}.yaml"]
    asked = get_annotations(import_module(module_of(stage)).run, eval_str=True)["spec"]
    keys = next(iter(watched.values()))
    if asked is TextsSpec:
        assert keys is None
        return
    members = {name for one in asked.__mro__ for name, value in vars(one).items() if isinstance(value, property)}
    assert sorted(members - {"name"}) == keys
    assert all(TextsSpec.model_fields[name].is_required() for name in keys)


def test_a_stage_depends_on_what_it_imports_and_on_nothing_else(root: Path, imports: Imports) -> None:
    text = (root / "dvc.yaml").read_text()
    assert text == written(text, imports), "imports have changed; `make graph` writes dvc.yaml anew"


def test_the_writer_needs_nothing_of_what_it_writes(root: Path, imports: Imports) -> None:
    text = (root / "dvc.yaml").read_text()
    empty = [line for line in text.splitlines(keepends=True) if not line.strip().startswith(("- f", "- e", "- p"))]
    params = [line for line in text.splitlines(keepends=True) if "experiments/specs/" in line]
    assert len(params) == len(ALL)
    churn, of_texts = "".join(empty).split("  ingest_texts:\n")
    bare = churn.replace("    params:\n", f"    params:\n{params[0]}")
    bare += "  ingest_texts:\n" + of_texts.replace("    params:\n", f"    params:\n{params[-1]}")
    assert len(bare.splitlines()) < len(text.splitlines()) / 2
    assert yaml.safe_load(written(bare, imports)) == yaml.safe_load(text)


@pytest.mark.parametrize("stage", ALL)
def test_what_a_stage_loads_it_depends_on(graph: dict[str, Any], root: Path, stage: str) -> None:
    """Python's own word: what is loaded with the stage is covered by what the graph names."""
    program = LOADED.format(module=module_of(stage), packages=PACKAGES)
    said = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True).stdout
    loaded = [Path(file).relative_to(root) for file in json.loads(said)]
    declared = {Path(one) for one in graph[stage]["deps"]} | {Path(f"{one.replace('.', '/')}.py") for one in EVERYWHERE}
    assert len(loaded) > 5
    assert not [str(file) for file in loaded if not declared & {file, *file.parents}]


@pytest.mark.parametrize("stage", ALL)
def test_all_that_a_stage_depends_on_is_there(graph: dict[str, Any], root: Path, stage: str) -> None:
    code = [one for one in graph[stage]["deps"] if one.split("/")[0] in PACKAGES]
    assert not [one for one in code if not (root / one).exists()]


@pytest.mark.parametrize("stage", ["ingest", "validate", "build"])
def test_a_stage_of_the_data_knows_nothing_of_learning_and_judging(imports: Imports, stage: str) -> None:
    assert not imports.of(stage) & {SPEC, *OF_LEARNING, *OF_JUDGING}


@pytest.mark.parametrize("stage", ["tune", "train"])
def test_a_stage_that_learns_knows_nothing_of_judging(imports: Imports, stage: str) -> None:
    assert not imports.of(stage) & {SPEC, *OF_JUDGING}


# Keys of a spec that are one word or number, and no section.
PLAIN = {"name", "title", "currency", "refit", "time_zone", "alerts", "playbook"}


def test_the_sections_of_a_spec_are_modules_of_their_names(root: Path) -> None:
    there = {file.stem for file in (root / SECTIONS.replace(".", "/")).glob("*.py")} - {"__init__", "section"}
    assert there == set(ExperimentSpec.model_fields) - PLAIN


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_watches_no_section_that_a_spec_may_leave_out(imports: Imports, stage: str) -> None:
    """It refuses a graph whose sections are not written."""
    assert not [name for name in imports.sections(stage) if not ExperimentSpec.model_fields[name].is_required()]


@pytest.mark.parametrize("stage", STAGES)
def test_a_spec_has_all_that_a_stage_asks_of_it(imports: Imports, stage: str) -> None:
    asked = get_annotations(import_module(f"pipelines.stages.{stage}").run, eval_str=True)["spec"]
    if asked is ExperimentSpec:
        assert not imports.sections(stage)
        return
    members = {name for one in asked.__mro__ for name, value in vars(one).items() if isinstance(value, property)}
    assert members <= {*ExperimentSpec.model_fields, "actions"}
    # Of the last four: see pipelines.specs.early_checks.
    watched = members - {"name", "actions", "evaluation", "gate", "score", "texts"}
    assert watched == set(imports.sections(stage))


def test_every_spec_on_the_graph_has_a_file(root: Path) -> None:
    named = yaml.safe_load((root / "params.yaml").read_text())
    for spec in (*named["specs"], *named["texts"]):
        plain = yaml.safe_load((root / "experiments" / "specs" / f"{spec}.yaml").read_text())
        assert plain.get("kind") == ("texts" if spec in named["texts"] else None)

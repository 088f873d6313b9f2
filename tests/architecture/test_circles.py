"""No module needs one that needs it, by whatever way: imports within functions, by name and of plug-ins count, too."""

import ast
import graphlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp
import pytest

from tests.architecture.dvc_graph import PACKAGES, PLUGINS

NEEDS = Mapping[str, set[str]]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def by_name(text: str) -> Iterator[str]:
    """The modules, or the beginnings of their names, that a module imports by `import_module` or `imported`."""
    for node in ast.walk(ast.parse(text)):
        called = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and called in ("import_module", "imported"):
            words = node.args[0]
            first = words.values[0] if isinstance(words, ast.JoinedStr) else words
            if isinstance(first, ast.Constant) and first.value.split(".")[0] in PACKAGES:
                yield first.value


def needs(graph: grimp.ImportGraph, root: Path) -> dict[str, set[str]]:
    """What each module imports, in every way there is."""
    found = {}
    for module in graph.modules:
        imported = set(graph.find_modules_directly_imported_by(module))
        file = root / f"{module.replace('.', '/')}.py"
        for name in by_name(file.read_text()) if file.exists() else ():
            imported |= {one for one in graph.modules if one == name or (name.endswith(".") and one.startswith(name))}
        for package in imported & {*PLUGINS, "pipelines.rules"}:
            imported |= graph.find_descendants(package)
        found[module] = imported
    return found


def circle(found: NEEDS) -> list[str]:
    """The modules of a circle; nothing where there is none."""
    try:
        graphlib.TopologicalSorter(found).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_needs_one_that_needs_it(graph: grimp.ImportGraph, root: Path) -> None:
    assert circle(needs(graph, root)) == []


def test_a_module_that_is_imported_by_name_is_needed(graph: grimp.ImportGraph, root: Path) -> None:
    found = needs(graph, root)
    assert {"pipelines.jobs.main_job", "pipelines.stages.tune", "pipelines.commands.status"} <= found["pipelines.cli"]
    assert "pipelines.stages.tune" in found["pipelines.jobs.forks"]
    assert "experiments.checks.l001_target_copy" in found["pipelines.learning.leak_checks"]


def test_a_circle_by_name_is_found(graph: grimp.ImportGraph, root: Path) -> None:
    found = needs(graph, root)
    found["pipelines.stages.tune"].add("pipelines.cli")
    assert {"pipelines.cli", "pipelines.stages.tune"} <= set(circle(found))

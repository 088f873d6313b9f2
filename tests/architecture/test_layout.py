"""The tree is as the README draws it, and every file is as small and as documented as the house style asks."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

PACKAGES = ("features", "experiments", "pipelines")
LONGEST_MODULE = 250
LONGEST_FUNCTION = 45


def modules(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((root / package).rglob("*.py"))


def definitions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Classes, their methods, and functions of a module; not what is defined within a function, nor overloads."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not any(
            getattr(one, "id", "") == "overload" for one in node.decorator_list
        ):
            yield node
        if isinstance(node, ast.ClassDef):
            yield node
            yield from definitions(node)


def test_what_must_stand_at_the_top_stands_there(root: Path) -> None:
    configuration = ("pyproject.toml", "requirements.lock", "Makefile", "dvc.yaml", "params.yaml", ".ci/run")
    documents = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/decisions")
    assert not [name for name in (*configuration, *documents, *PACKAGES, "tests") if not (root / name).exists()]


def test_no_module_is_long(root: Path) -> None:
    long = {
        str(path.relative_to(root)): n
        for path in modules(root)
        if (n := len(path.read_text().splitlines())) > LONGEST_MODULE
    }
    assert not long


def test_no_function_is_long(root: Path) -> None:
    long = [
        f"{path.relative_to(root)}:{node.name}"
        for path in modules(root)
        for node in definitions(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.body[0].lineno >= LONGEST_FUNCTION
    ]
    assert not long


def test_everything_public_says_what_it_is(root: Path) -> None:
    silent = []
    for path in modules(root):
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(str(path))
        silent += [
            f"{path}:{node.name}"
            for node in definitions(tree)
            if not node.name.startswith("_") and not ast.get_docstring(node)
        ]
    assert not silent


def test_there_are_no_broad_excepts_and_no_asserts_in_the_code(root: Path) -> None:
    found = []
    for path in modules(root):
        for node in ast.walk(ast.parse(path.read_text())):
            broad = isinstance(node, ast.ExceptHandler) and (
                node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
            )
            if broad or isinstance(node, ast.Assert):
                found.append(f"{path}:{node.lineno}")
    assert not found


def test_no_module_has_a_name_that_says_nothing(root: Path) -> None:
    assert not {path.stem for path in modules(root)} & {"utils", "util", "helpers", "common", "base", "manager", "misc"}


def test_the_numbered_sections_of_a_page_count_from_one(root: Path) -> None:
    numbers = {
        page: [int(one) for one in re.findall(r"^## (\d+)\.", page.read_text(), flags=re.MULTILINE)]
        for page in (root / "docs").glob("*.md")
    }
    assert {page.name for page, found in numbers.items() if found != [*range(1, len(found) + 1)]} == set()
    assert numbers[root / "docs/statistics.md"]


def test_tests_are_no_package(root: Path) -> None:
    assert not list((root / "tests").rglob("__init__.py"))


def test_the_files_that_run_first_are_there(root: Path) -> None:
    """A file that is renamed would else start late, and nobody notice."""
    listed = next(
        ast.literal_eval(node.value)
        for node in ast.parse((root / "tests/conftest.py").read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LONG_FILES"
    )
    assert listed
    assert [name for name in listed if not (root / "tests" / name).is_file()] == []


def test_only_pipelines_touches_the_disk(root: Path) -> None:
    """features and experiments open no file, start no process and read no environment."""
    found = []
    for package in ("features", "experiments"):
        for path in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                called = getattr(node, "func", None)
                name = getattr(called, "attr", getattr(called, "id", ""))
                imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if name in ("open", "read_text", "write_text", "read_bytes", "write_bytes", "getenv") or {
                    "os",
                    "subprocess",
                } & set(imported):
                    found.append(f"{path}:{node.lineno}")
    assert not found


def test_imports_go_one_way(root: Path) -> None:
    ended = subprocess.run(
        [Path(__import__("sys").executable).parent / "lint-imports"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def test_nothing_committed_names_a_registry_or_is_a_lock_with_addresses(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not [name for name in listed if Path(name).name in ("uv.lock", "pylock.toml", "poetry.lock", "mlflow.db")]
    assert "://" not in (root / "requirements.lock").read_text()


def test_every_requirement_is_pinned_by_hash(root: Path) -> None:
    blocks = [
        block
        for block in (root / "requirements.lock").read_text().split("\n")
        if block and not block.startswith((" ", "#"))
    ]
    assert blocks
    assert all("==" in block and block.endswith("\\") for block in blocks)


@pytest.mark.parametrize("workflow", ["ci.yml"])
def test_the_workflow_runs_what_everybody_runs(root: Path, workflow: str) -> None:
    steps = yaml.safe_load((root / ".github" / "workflows" / workflow).read_text())["jobs"]["test"]["steps"]
    assert any(step.get("run") == "bash .ci/run" for step in steps)

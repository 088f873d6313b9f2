"""Locating the project folder: as named, or the nearest one upwards from the current folder."""

import os
from pathlib import Path

import pipelines
from features.errors import MissingError, UsageError
from pipelines.files import storage

VARIABLE = "HOLDFAST_PROJECT"
# What every checkout holds, and nothing else does.
SIGNS = ("dvc.yaml", "experiments/specs")
CODE = ("features", "experiments", "pipelines")


def folder_of(project: str | Path | None = None) -> Path:
    """The folder of the project: the argument, else HOLDFAST_PROJECT, else the current folder or one above it.

    Raises MissingError when no project is there, UsageError when this Python runs other code than the project holds.
    """
    named = project if project is not None else os.environ.get(VARIABLE) or None
    found = _upwards(Path.cwd()) if named is None else Path(named).expanduser().resolve()
    if not is_project(found):
        said = "project" if project is not None else VARIABLE
        raise MissingError(f"{said}: {found} is no Holdfast project; it must hold {' and '.join(SIGNS)}.")
    check_code(found)
    return found


def is_project(folder: Path) -> bool:
    """Whether a folder is a checkout of the project."""
    return all((folder / sign).exists() for sign in SIGNS)


def _upwards(here: Path) -> Path:
    for folder in (here, *here.parents):
        if is_project(folder):
            return folder
    raise MissingError(
        f"no Holdfast project at {here} or above it; change to the project's folder, set {VARIABLE} to it, or say"
        ' holdfast.open(..., project="/path/to/it").'
    )


def check_code(root: Path) -> None:
    """Raise UsageError where a project has other code than this process: its features and families would be ignored."""
    running = Path(str(pipelines.__file__)).resolve().parent.parent
    there = [name for name in CODE if (root / name).is_dir()]
    if running != root and any(_sources(running / name) != _sources(root / name) for name in there):
        raise UsageError(
            f"this Python runs the code at {running}, and the project at {root} has other code; start Python in that"
            f" folder, or install its code: pip install -e {root}"
        )


def _sources(package: Path) -> dict[str, str]:
    return {str(file.relative_to(package)): storage.digest(file) for file in package.rglob("*.py")}

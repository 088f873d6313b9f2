"""Names and help of stages and commands, read from their files without importing them."""

import ast
from functools import cache
from pathlib import Path

from pipelines.messages.help_pages import Page, page

# The order in which a spec goes through them; a stage that is not named here comes last.
ORDER = ("ingest", "validate", "build", "tune", "train", "evaluate", "register", "promote", "score")
# What is neither a stage nor a file of commands/, in the order of the help.
JOBS = {"run": "main_job", "data": "add_data", "list": "listing"}


def stages() -> dict[str, str]:
    """Every stage and its first line, in the order of a run."""
    found = {name: one.first for name, one in described("stages", "stage").items()}
    return dict(sorted(found.items(), key=lambda one: ORDER.index(one[0]) if one[0] in ORDER else len(ORDER)))


def pages() -> dict[str, Page]:
    """The help of every job, stage and command; a command's own where it shares a stage's name."""
    folder = Path(__file__).parent.parent / "jobs"
    jobs = {name: _page((folder / f"{file}.py").read_text(), "work") for name, file in JOBS.items()}
    of_stages, of_commands = described("stages", "stage"), described("commands", "other")
    return {**jobs, **{name: of_stages[name] for name in stages()}, **of_commands}


def described(folder: str, group: str) -> dict[str, Page]:
    """Every module of a folder with its docstring; names reserved in Python end in `_`."""
    files = sorted(file for file in (Path(__file__).parent.parent / folder).glob("*.py") if file.stem != "__init__")
    return {file.stem.rstrip("_"): _page(file.read_text(), group) for file in files}


@cache
def _page(code: str, group: str) -> Page:
    """The page of a module's code; it is asked for many times, and a fork of a run finds it ready."""
    return page(ast.get_docstring(ast.parse(code)) or "", group)

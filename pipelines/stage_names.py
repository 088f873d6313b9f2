"""The stages, found by their files and read without importing any: at once, and for whoever asks."""

import ast
from pathlib import Path

# The order in which a spec goes through them; a stage that is not named here comes last.
ORDER = ("ingest", "validate", "build", "tune", "train", "evaluate", "register", "promote", "score")


def stages() -> dict[str, str]:
    """Every stage and its first line, in the order in which a spec goes through them."""
    found = {name: text.splitlines()[0] for name, text in described("stages").items()}
    return dict(sorted(found.items(), key=lambda one: ORDER.index(one[0]) if one[0] in ORDER else len(ORDER)))


def described(folder: str) -> dict[str, str]:
    """Every module of a folder of ours and its docstring."""
    files = sorted(file for file in (Path(__file__).parent / folder).glob("*.py") if file.stem != "__init__")
    return {file.stem: ast.get_docstring(ast.parse(file.read_text())) or "" for file in files}

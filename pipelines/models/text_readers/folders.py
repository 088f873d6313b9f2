"""Writing and opening stored readers of texts."""

import ast
import importlib.metadata
import runpy
from pathlib import Path
from typing import Any

from experiments.texts import reading
from experiments.texts.reading import Reader
from features.errors import ContractError, HoldfastError
from features.texts import ngrams, normalising
from pipelines.files import storage

# What the one file is made of, in this order.
PARTS = (
    Path(str(normalising.__file__)),
    Path(str(ngrams.__file__)),
    Path(str(reading.__file__)),
    Path(__file__).parent / "stored_reader.py",
)
OURS = ("features.", "experiments.")
# A reader's folder in a logged model, and in it what fold readers say of the texts that it learned from.
READER, OUT_OF_FOLD = "reader", "out_of_fold.parquet"
LIBRARIES = ("numpy", "opencc", "pandas")


def write(folder: Path, reader: Reader) -> None:
    """Write a reader as a folder of text: the file that reads, what was learned, and what that needs."""
    folder.mkdir(parents=True, exist_ok=True)
    storage.write_bytes(folder / "scorer.py", scorer_text().encode())
    storage.write_json(folder / "model.json", reader.plain)
    storage.write_bytes(folder / "requirements.txt", "".join(f"{one}\n" for one in requirements()).encode())


def scorer(folder: Path) -> Any:
    """The reader of a folder, run from its own text, so that the judged code is the code in use.

    Raises ContractError, and runs nothing, where that text is not the one of this project.
    """
    text = folder / "scorer.py"
    if text.read_text(encoding="utf-8") != scorer_text():
        raise ContractError(
            f"{text} is not the reader of this project: it was changed, or is of another version of the project. Remove"
            f" {folder}, and have it made again."
        )
    return runpy.run_path(str(text), run_name="scorer")["Scorer"](folder)


def requirements() -> list[str]:
    """The packages that a stored reader needs, pinned as they are installed here."""
    return [f"{name}=={importlib.metadata.version(name)}" for name in LIBRARIES]


def scorer_text() -> str:
    """The file of a stored reader: its parts, without what they import of one another.

    Raises HoldfastError where two parts give one name to different things.
    """
    texts: list[str] = []
    first: dict[str, tuple[str, Path]] = {}
    for path in PARTS:
        text = path.read_text(encoding="utf-8")
        left_out: set[int] = set()
        for node in ast.parse(text).body:
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(OURS):
                left_out |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
                continue
            for name in _bound(node):
                meant = ast.unparse(node)
                if first.setdefault(name, (meant, path))[0] != meant and not isinstance(node, ast.ImportFrom):
                    raise HoldfastError(f"{path} and {first[name][1]} both have a `{name}`, and become one file.")
        lines = text.removesuffix("\n").split("\n")
        texts += [f"{line}\n" for number, line in enumerate(lines, start=1) if number not in left_out]
    return "".join(texts)


def _bound(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a file binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [one.asname or one.name for one in node.names]
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]

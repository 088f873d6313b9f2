"""The identity of a model: the digest of what it computes, and whether two models predict the same."""

import ast
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from features.contract import Contract
from pipelines.champion.ledger import canonical
from pipelines.files import storage

RANDOM_ROWS = 1000
WITH_REASONS = 1000
# A look at so few rows tells most models apart.
FIRST_ROWS = 200

Says = Callable[[pd.DataFrame, int], pd.DataFrame]


def digest(folder: Path) -> str:
    """SHA-256, 64 hex digits, of the portable model in a folder, without comments.

    JSON counts by its content and the scorer by its syntax tree without docstrings, so that a comment, a blank line or
    the order of keys makes no other model.
    """
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(folder).as_posix()}\n".encode())
            found.update(hashlib.sha256(_meant(path)).digest())
    return found.hexdigest()


def _meant(path: Path) -> bytes:
    if path.suffix == ".json":
        return canonical(storage.read_json(path)).encode()
    return without_comments(path.read_text(encoding="utf-8")).encode() if path.suffix == ".py" else path.read_bytes()


def without_comments(text: str) -> str:
    """A text's Python syntax tree as one line, without comments, layout and docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


def random_rows(contract: Contract, *, seed: int = 0) -> pd.DataFrame:
    """RANDOM_ROWS rows within and outside a contract: unknown categories, missing values, extremes."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pd.Series] = {}
    for column in contract.columns:
        if column.type == "number":
            low = column.minimum if column.minimum is not None else -100.0
            high = column.maximum if column.maximum is not None else low + 1000.0
            wide = rng.uniform(low - 0.1 * (high - low), high + 0.1 * (high - low), RANDOM_ROWS)
            near = rng.normal(size=RANDOM_ROWS)
            values = np.select([rng.random(RANDOM_ROWS) < 0.1, rng.random(RANDOM_ROWS) < 0.5], [np.nan, near], wide)
            columns[column.name] = pd.Series(values)
        else:
            said = np.array([*column.categories, "never seen", None], dtype=object)
            columns[column.name] = pd.Series(rng.choice(said, RANDOM_ROWS), dtype=object)
    return pd.DataFrame(columns, index=pd.RangeIndex(RANDOM_ROWS))


def same(one: Says, other: Says, rows: pd.DataFrame, *, reasons: int) -> bool:
    """Whether two models predict the same on all rows, bit for bit, and give the same reasons for the first of them.

    A model is what it says of rows and of how many reasons are wanted.
    """
    parts = [(rows.iloc[:FIRST_ROWS], 0), (rows.iloc[FIRST_ROWS:], 0), (rows.iloc[:WITH_REASONS], reasons)]
    return all(one(part, asked).equals(other(part, asked)) for part, asked in parts if len(part))

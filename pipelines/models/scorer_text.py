"""Writes a model's one file `scorer.py`: the code that all models share and that of the kinds it is made of.

A kind is a file of `scorers/kinds`, found by being there. Of the others a model holds nothing: a new one changes none.
"""

import ast
import builtins
import importlib.metadata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from features.errors import HoldfastError
from features.plugins import file_of, names
from pipelines.files import storage
from pipelines.models.scorers import kinds

SCORERS = Path(__file__).parent / "scorers"
# What every scorer is made of, in this order; the kinds stand between the two.
BEFORE, AFTER = ("cells.py", "reading.py", "models.py"), ("outcome_models.py",)
# What every scorer imports.
LIBRARIES = ("mlflow", "numpy", "pandas")
REQUIREMENTS = "REQUIREMENTS"
# What a scorer cannot import: the project, and what must stand first in a file.
NOT_THERE = {"features", "experiments", "pipelines", "__future__", ""}
OF_SCORERS, OF_KINDS = "pipelines.models.scorers.", "pipelines.models.scorers.kinds."


@dataclass(frozen=True)
class ScorerPart:
    """A source file that becomes part of a scorer."""

    path: Path

    @cached_property
    def text(self) -> str:
        """What the file says."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree. Raises HoldfastError where it is not Python."""
        try:
            return ast.parse(self.text)
        except SyntaxError as error:
            raise HoldfastError(f"{self.path} is no Python: {error}") from error

    @cached_property
    def parts(self) -> tuple[ast.ImportFrom, ...]:
        """Its top-level imports of other parts, which are in the same file then."""
        found = (node for node in self.tree.body if isinstance(node, ast.ImportFrom) and node.module != kinds.__name__)
        return tuple(node for node in found if str(node.module).startswith(OF_SCORERS))

    @property
    def builds_on(self) -> list[str]:
        """The kinds whose code it extends."""
        return [str(one.module).removeprefix(OF_KINDS) for one in self.parts if str(one.module).startswith(OF_KINDS)]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The packages that it requires beside LIBRARIES. Raises HoldfastError where it does not say them plainly."""
        for name, value in self._assigned():
            if name == REQUIREMENTS:
                said = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
                found = tuple(one.value for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str))
                if len(found) != len(said) or not isinstance(value, ast.Tuple | ast.List):
                    raise HoldfastError(
                        f'{self.path}: write {REQUIREMENTS} as names of packages, such as ("lightgbm",).'
                    )
                return found
        return ()

    def _assigned(self) -> Iterator[tuple[str, ast.expr]]:
        """The top-level assignments."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                yield from ((ast.unparse(target), node.value) for target in node.targets)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                yield ast.unparse(node.target), node.value

    def check(self, kind: str) -> None:
        """Raise HoldfastError, with the remedy, where it cannot be part of a scorer as that kind."""
        made = [name for name, _ in self._assigned() if name.startswith("KINDS[")]
        if made != [f"KINDS['{kind}']"]:
            raise HoldfastError(f'{self.path} adds {made or "no kind"}: write KINDS["{kind}"] = its class, once.')
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            whence = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            is_near = isinstance(node, ast.ImportFrom) and node.level > 0
            is_lost = is_near or bool({one.split(".")[0] for one in whence} & NOT_THERE)
            if any(one.asname for one in node.names) if node in self.parts else is_lost:
                raise HoldfastError(
                    f"{self.path}, line {node.lineno}: a model is one file, and runs without the project. Import"
                    f" libraries and, at the top, `from {OF_SCORERS}models import KINDS` and the like, unrenamed."
                )

    def bound(self) -> Mapping[str, str]:
        """The names bound at its top level: an import by its target, others by this file's path."""
        found: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found |= {} if node in self.parts else dict(_imported(node))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[node.name] = str(self.path)
            else:
                stored = (one for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
                found |= {one.id: str(self.path) for one in stored if one.id != REQUIREMENTS}
        return found

    def joined(self) -> str:
        """Its text without the imports of other parts."""
        left_out = {line for one in self.parts for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
        lines = self.text.removesuffix("\n").split("\n")
        return "".join(f"{line}\n" for number, line in enumerate(lines, start=1) if number not in left_out)


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The imports of a module: each local name and what it refers to."""
    for one in node.names:
        if isinstance(node, ast.ImportFrom):
            yield one.asname or one.name, f"{node.module}.{one.name}"
        else:
            first = one.name.split(".")[0]
            yield (one.asname, one.name) if one.asname else (first, first)


def kinds_of(folder: Path) -> set[str]:
    """The kinds of the models in a portable model's folder."""
    return {str(model["kind"]) for model in storage.read_json(folder / "model.json")["models"].values()}


def text(used: Collection[str]) -> str:
    """The scorer of models of these kinds as one file that imports libraries only.

    Raises HoldfastError, which names the file, where a kind is not there or cannot be joined with the other parts.
    """
    before, after = ([ScorerPart(SCORERS / name) for name in some] for some in (BEFORE, AFTER))
    parts = [*before, *_kinds(used), *after]
    first = dict.fromkeys(dir(builtins), ("", "Python"))
    for part in parts:
        for name, meant in part.bound().items():
            known, where = first.setdefault(name, (meant, str(part.path)))
            if known != meant:
                raise HoldfastError(f"{part.path} and {where} both have a `{name}`, and become one file: rename yours.")
    return "".join(part.joined() for part in parts)


def _kinds(used: Collection[str], above: tuple[str, ...] = ()) -> list[ScorerPart]:
    """The parts of these kinds, each after those it builds on; above detects cycles."""
    found: dict[Path, ScorerPart] = {}
    for kind in sorted(used):
        if kind not in names(kinds):
            raise HoldfastError(f"no '{kind}' among the kinds of models ({SCORERS}/kinds); there are {names(kinds)}.")
        if kind in above:
            raise HoldfastError(f"the kinds {', '.join(sorted(above))} import one another; one of them must not.")
        part = ScorerPart(file_of(kinds, kind))
        part.check(kind)
        found |= {one.path: one for one in _kinds(part.builds_on, (*above, kind)) if one.path not in found}
        found.setdefault(part.path, part)
    return list(found.values())


def requirements(used: Collection[str]) -> list[str]:
    """The packages that models of these kinds require, pinned as they are installed here.

    Raises HoldfastError for one that is not.
    """
    wanted = dict.fromkeys([*LIBRARIES, *(name for part in _kinds(used) for name in part.requirements)])
    try:
        return [f"{name}=={importlib.metadata.version(name)}" for name in wanted]
    except importlib.metadata.PackageNotFoundError as error:
        raise HoldfastError(
            f"a model of the kinds {sorted(used)} requires {error.name}, which is not installed."
        ) from error

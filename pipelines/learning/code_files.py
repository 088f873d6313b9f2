"""Hashes of the code that a computation depends on: some modules and all of ours that they import."""

import ast
import hashlib
from collections.abc import Collection, Iterator
from importlib.util import find_spec, resolve_name
from pathlib import Path

OURS = ("features", "experiments")


def digests(modules: Collection[str]) -> dict[str, str]:
    """SHA-256, 64 hex digits, of each of `files`, by the module's name."""
    found = files(modules)
    return {module: hashlib.sha256(file.read_bytes()).hexdigest() for module, file in sorted(found.items())}


def files(modules: Collection[str]) -> dict[str, Path]:
    """The files of these modules and of all imported modules of OURS, recursively, including imports in functions.

    They are read and not run. A folder of plug-ins that is imported counts without its plug-ins: who uses one by its
    name has to say so. Modules that are not there are left out.
    """
    found: dict[str, Path] = {}
    asked = set(modules)
    while asked:
        module = asked.pop()
        spec = find_spec(module)
        if spec is not None and spec.origin is not None:
            found[module] = Path(spec.origin)
            above = module.rpartition(".")[0]
            package = module if spec.submodule_search_locations is not None else above
            imported = {above, *_imported(ast.parse(found[module].read_text(encoding="utf-8")), package)}
            asked |= {one for one in imported if one.split(".")[0] in OURS and _is_there(one)} - found.keys()
    return found


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The modules that a module of a package may import: those it names, and names that may be submodules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            near = "." * node.level + (node.module or "")
            base = resolve_name(near, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _is_there(module: str) -> bool:
    """Whether a name is a module, and not a name in one."""
    above = module.rpartition(".")[0]
    parent = find_spec(above) if above else None
    return (parent is None or parent.submodule_search_locations is not None) and find_spec(module) is not None

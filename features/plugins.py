"""Plug-in discovery: a file in the folder of its kind is found by itself; there is no list to edit."""

import time
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, TypeVar

from features.errors import HoldfastError, SpecError

Plugin = TypeVar("Plugin")

# What Python raises for a mistake in somebody's code.
MISTAKES = (
    *(ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, LookupError, ArithmeticError),
    RuntimeError,
)

# A folder that changed a moment ago may change again within one tick of the clock that files have.
SETTLED_NS = 1_000_000_000


def discover(package: ModuleType, kind: type[Plugin]) -> dict[str, Plugin]:
    """Every plug-in of a package by name, in the order of the names.

    All modules of package are imported. A plug-in is an instance of kind at the top level of one of them;
    one that a second module imports counts once. Its name is its `name`, or its `kind` where it has none.
    Raises HoldfastError when two different plug-ins share a name, or a module cannot be imported.
    """
    found: dict[str, tuple[Plugin, str]] = {}
    for module in (f"{package.__name__}.{name}" for name in names(package)):
        for plugin in vars(imported(module)).values():
            if isinstance(plugin, kind):
                first, where = found.setdefault(_name_of(plugin), (plugin, module))
                if first is not plugin:
                    raise HoldfastError(
                        f"{kind.__name__} '{_name_of(plugin)}' is defined in {where} and in {module}; rename one."
                    )
    return {name: found[name][0] for name in sorted(found)}


def imported(module: str) -> ModuleType:
    """The module of a plug-in. Raises HoldfastError, which names it and its file, when it cannot be imported."""
    try:
        return import_module(module)
    except MISTAKES as error:
        found = find_spec(module)
        what = f"{module} in {found.origin}" if found else module
        raise HoldfastError(f"{what} cannot be imported: {type(error).__name__}: {error}") from error


def _name_of(plugin: Any) -> str:
    return str(plugin.name if hasattr(plugin, "name") else plugin.kind)


def names(package: ModuleType) -> list[str]:
    """The names of the plug-ins of a package, without importing them: each has a module of its own name."""
    folders = tuple(package.__path__)
    changed = tuple(_changed(folder) for folder in folders)
    if max(changed, default=0) > time.time_ns() - SETTLED_NS:
        return list(_listed.__wrapped__(folders, changed))
    return list(_listed(folders, changed))


def _changed(folder: str) -> int:
    """When a folder last got or lost a file, in nanoseconds; 0 where there is none. Python's own finder asks it too."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _listed(folders: tuple[str, ...], _changed: tuple[int, ...]) -> tuple[str, ...]:
    """The modules that lie in folders, as they are since they changed."""
    return tuple(sorted(info.name for info in iter_modules(folders)))


def file_of(package: ModuleType, name: str) -> Path:
    """The file of the plug-in of that name; it is not imported. Raises SpecError when there is none."""
    found = find_spec(f"{package.__name__}.{name}")
    if found is None or found.origin is None:
        raise SpecError(f"no '{name}' in {package.__name__}; there are {names(package)}.")
    return Path(found.origin)


def plugin(package: ModuleType, name: str, kind: type[Plugin]) -> Plugin:
    """The one plug-in of that name; only its module is imported. Raises SpecError when there is none.

    Raises HoldfastError when its module cannot be imported.
    """
    if name not in names(package):
        raise SpecError(f"no {kind.__name__.lower()} '{name}' in {package.__name__}; there are {names(package)}.")
    module = imported(f"{package.__name__}.{name}")
    for value in vars(module).values():
        if isinstance(value, kind) and _name_of(value) == name:
            return value
    raise SpecError(f"{module.__name__} holds no {kind.__name__.lower()} '{name}'; name it after its file.")

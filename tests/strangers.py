"""Plug-ins of strangers: files that lie beside those of a kind for the length of a test."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path
from types import ModuleType


@contextmanager
def plugged(package: ModuleType, folder: Path, **texts: str) -> Iterator[None]:
    """Modules of these names and texts take part in a package of plug-ins; the folder is theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    path = list(package.__path__)
    package.__path__ = [*path, str(folder)]
    invalidate_caches()
    try:
        yield
    finally:
        package.__path__ = path
        for name in texts:
            sys.modules.pop(f"{package.__name__}.{name}", None)
            vars(package).pop(name, None)

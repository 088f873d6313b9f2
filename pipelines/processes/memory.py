"""Limits of memory and cores, and DuckDB's folder for spilling."""

import ctypes
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from features.errors import UsageError

LIMIT = "2GB"


def cores() -> int:
    """How many cores DuckDB may use: HOLDFAST_CORES, or all. Any number gives the same bits.

    Sums are exact, and ties are broken by keys. Raises UsageError when it is no whole number above 0.
    """
    asked = os.environ.get("HOLDFAST_CORES", str(os.cpu_count() or 1))
    if not asked.isdecimal() or not int(asked):
        raise UsageError(f"HOLDFAST_CORES is '{asked}'; it takes a whole number of at least 1.")
    return int(asked)


@contextmanager
def limits(usual: str = LIMIT) -> Iterator[dict[str, Any]]:
    """DuckDB's settings: the limit HOLDFAST_MEMORY_LIMIT or usual, and a spill folder that is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="holdfast-spill-") as spill:
        limit = os.environ.get("HOLDFAST_MEMORY_LIMIT", usual)
        yield {"memory_limit": limit, "temp_directory": spill, "threads": cores()}


def given_back() -> None:
    """Return freed memory to the system, which Arrow and the C library would keep."""
    pa.default_memory_pool().release_unused()
    c_library = ctypes.CDLL(None)
    if hasattr(c_library, "malloc_trim"):  # glibc's
        c_library.malloc_trim(0)

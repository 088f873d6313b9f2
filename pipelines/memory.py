"""How much memory DuckDB may use, and where it goes when that is not enough."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LIMIT = "2GB"
# Sums are exact and ties are broken by keys, so any number of threads gives the same bits.
THREADS = os.cpu_count() or 1


@contextmanager
def limits() -> Iterator[dict[str, Any]]:
    """DuckDB's settings: HOLDFAST_MEMORY_LIMIT (2 GB unless said), and a folder to spill to that is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="holdfast-spill-") as spill:
        limit = os.environ.get("HOLDFAST_MEMORY_LIMIT", LIMIT)
        yield {"memory_limit": limit, "temp_directory": spill, "threads": THREADS}

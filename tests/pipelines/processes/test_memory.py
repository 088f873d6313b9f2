"""What was freed goes back to the system."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import pyarrow as pa
from pipelines.processes import memory

def held():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * 4096 / 2**20

small = [bytes(2_000) for _ in range(100_000)]  # below what the C library maps by itself
kept = bytes(2_000)  # after them in the heap
arrays = pa.array(range(1_000_000)).cast(pa.string())
before = held()
del small, arrays
memory.given_back()
print(before - held())
"""


def test_freed_arrays_and_objects_go_back_to_the_system(root: Path) -> None:
    """190 MiB of small objects and some 11 of an Arrow array were held; nearly all of it is free again."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    assert float(ended.stdout) > 170

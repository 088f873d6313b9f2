"""The stages of a spec write the same bytes whatever kernels BLAS uses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.files import storage
from tests.end_to_end.repository import Repository, environment
from tests.kernels import KERNELS, needs_kernels

# In one process, which loads the libraries once: they take a kernel when they are loaded.
LEARNT = """
import sys
from pipelines.cli import main
sys.exit(max(main([stage, "demo"]) for stage in ("tune", "train", "evaluate")))
"""


def kept(root: Path, kernel: str, target: Path) -> dict[str, str]:
    """The digest of every file that the learning stages write in a copy of root, under a kernel of BLAS."""
    shutil.copytree(root, target, ignore=shutil.ignore_patterns(".git"))
    environs = {**os.environ, **environment(), "OPENBLAS_CORETYPE": kernel}
    subprocess.run([sys.executable, "-c", LEARNT], cwd=target, env=environs, check=True, capture_output=True)
    files = sorted(path for path in (target / "artifacts" / "demo").rglob("*") if path.is_file())
    return {str(file.relative_to(target)): storage.digest(file) for file in files}


@pytest.mark.slow
@needs_kernels
def test_what_the_learning_stages_write_does_not_depend_on_the_kernels_of_blas(
    tiny_built: Repository, tmp_path: Path
) -> None:
    tiny_built.spec("demo", "demo", tuning={"trials": 5}, evaluation={"draws": 100})
    one, other = (kept(tiny_built.root, kernel, tmp_path / kernel) for kernel in KERNELS)
    assert {"best.json", "report.json", "report.html", "model.json"} <= {Path(name).name for name in one}
    assert one == other

"""A copy of the repository, and how a user works in it."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from pipelines.cli import main
from tests.end_to_end.loaded import Loaded

TINY: dict[str, Any] = {
    "source": {"kind": "simulated", "seed": 3, "customers": 4000, "months": 17, "start": "2024-01-01"},
    "features": ["recency", "activity", "contracts", "spending", "tenure", "support", "experience"],
    "split": {"kind": "time", "gate_dates": 1, "folds": 2, "seed": 0},
    "gate": {"minimum_positives": 20, "minimum_events_per_arm": 3, "calibration_limit": 0.2},
}


@dataclass(frozen=True)
class Repository:
    """A copy of the repository with nothing in it but what is committed or about to be."""

    root: Path
    libraries: Loaded | None = None

    def run(
        self, *words: str, module: str = "pipelines", timeout: int = 600, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`python -m pipelines WORDS` in the copy, by a fork of what has the libraries loaded where there is one."""
        settings = {**environment(), **(variables or {})}
        if self.libraries and module in ("pipelines", "dvc"):
            return self.libraries.run([module, *words], cwd=self.root, env=settings, timeout=timeout)
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=self.root,
            env=settings,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def act(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same in this process, which has the libraries loaded; not for what leaves the work to DVC's processes."""
        said, complained = io.StringIO(), io.StringIO()
        here = chdir(self.root), patch.dict(os.environ, environment(), clear=True)
        with here[0], here[1], redirect_stdout(said), redirect_stderr(complained):
            code = main(words)
        return subprocess.CompletedProcess(words, code, said.getvalue(), complained.getvalue())

    def go_through(self, stages: str, spec: str) -> subprocess.CompletedProcess[str]:
        """`act` one stage after the other, as DVC would, until one fails; what the last of them said."""
        for stage in stages.split():
            ended = self.act(stage, spec)
            if ended.returncode != 0:
                break
        return ended

    def spec(self, name: str, base: str, **changes: Any) -> None:
        """Write a spec that is `base` with some sections changed key by key."""
        specs = self.root / "experiments" / "specs"
        plain = yaml.safe_load((specs / f"{base}.yaml").read_text())
        for section, keys in changes.items():
            plain[section] = {**plain.get(section, {}), **keys} if isinstance(keys, dict) else keys
        (specs / f"{name}.yaml").write_text(yaml.safe_dump(plain, sort_keys=False))

    def put_on_graph(self, *specs: str) -> None:
        """Make these the specs of the graph."""
        (self.root / "params.yaml").write_text(yaml.safe_dump({"specs": list(specs)}))
        for spec in specs:
            for kind in ("raw", "readers"):
                (self.root / "data" / kind / spec).mkdir(parents=True, exist_ok=True)


def environment() -> dict[str, str]:
    """The environment of a user: our Python first on the path, no tracking server, compiled code kept."""
    here = str(Path(sys.executable).parent)
    others = ("MLFLOW", "DVC", "PYTEST", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(others)}
    return {**kept, "PATH": f"{here}{os.pathsep}{kept.get('PATH', '')}"}

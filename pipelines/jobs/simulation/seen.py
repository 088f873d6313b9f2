"""What the company of a simulated year sees: its tables and features, in a workspace of its own."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from experiments.spec import ExperimentSpec
from features.source import Part
from features.world.months import Month
from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.messages import log
from pipelines.stages import build
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Seen:
    """The tables and features of a policy's world; they grow from round to round."""

    spec: ExperimentSpec
    workspace: Workspace

    def with_parts(self, parts: Sequence[Part], *, end: Month, must_be_enough: bool = False) -> None:
        """Add parts, and build the features: what is known when a month begins.

        Raises DataError where the rows must be enough to learn from and are not.
        """
        for part in parts:
            storage.write_parquet(self.workspace.tables / part.table / f"{part.name}.parquet", part.rows)
        until = datetime.fromisoformat(f"{end.name}-01")
        storage.write_json(self.workspace.tables / "about.json", {"extracted_at": until.isoformat(), "rows": {}})
        with log.speaking(None if log.is_verbose() else log.QUIET):
            build.write(self.spec, self.workspace, must_be_enough=must_be_enough)

    def to_score(self) -> pd.DataFrame:
        """The customers of the newest date with their features."""
        return matrices.to_score(self.workspace.matrix)

    def copied(self, to: Workspace) -> "Seen":
        """The same in another workspace, which goes its own way."""
        folders = ("tables", "matrix", "state")
        for name in folders:
            if (source := getattr(self.workspace, name)).is_dir():
                shutil.copytree(source, getattr(to, name))
        return Seen(self.spec, to)

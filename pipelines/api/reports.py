"""The evaluation report in the Python API: the path of its page, and its figures as frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.api import display
from pipelines.api.figures import ABOUT, COLUMNS
from pipelines.files import storage
from pipelines.reporting import effects


@dataclass(frozen=True, repr=False)
class Report:
    """The evaluation of the challenger on the gate cohort; path is the HTML page."""

    path: Path

    @cached_property
    def _found(self) -> dict[str, Any]:
        found: dict[str, Any] = storage.read_json(self.path.with_suffix(".json"))
        return found

    @property
    def figures(self) -> pd.DataFrame:
        """One row per figure: value, low and high (95 %), standard_error, better, unit, meaning.

        Of actions that were not randomised it is the adjusted difference alone, called observational_ate_ACTION.
        """
        found = dict(_figures(self._found))
        return pd.DataFrame.from_dict(found, orient="index").reindex(columns=[*COLUMNS, *ABOUT]).rename_axis("figure")

    @property
    def shares(self) -> dict[str, float]:
        """Where `label.prior` corrects a balanced file: the share that left in_file, and the stated one; else nothing.

        `figures` are those of all customers then.
        """
        balanced = self._found.get("balanced_file", {})
        return {name: float(balanced[name]) for name in ("in_file", "stated") if name in balanced}

    @property
    def figures_in_file(self) -> pd.DataFrame:
        """The figures of the risk as they are among the rows of a balanced file, as `figures`; else none."""
        found = self._found.get("balanced_file", {}).get("risk", {})
        return pd.DataFrame.from_dict(found, orient="index").reindex(columns=[*COLUMNS, *ABOUT]).rename_axis("figure")

    @property
    def importance(self) -> pd.DataFrame:
        """Feature importance of the risk model, largest first: meaning, and share of all contributions."""
        found = pd.DataFrame(self._found["importance"], columns=["name", "meaning", "share"])
        return found.set_index("name").rename_axis("feature")

    def _lines(self) -> dict[str, str]:
        shares = self.shares
        balanced = {"balanced file": display.shares(**shares)} if shares else {}
        return {"page": str(self.path), **balanced}

    def __repr__(self) -> str:
        return display.text("report", self._lines(), self.figures)

    def _repr_html_(self) -> str:
        return display.html("report", self._lines(), self.figures)


def _figures(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from found["risk"].items()
    actions = found["uplift"]["actions"].items()
    if effects.effect_evidence(found) == "observational":
        yield from ((f"observational_ate_{action}", one["figures"]["ate"]) for action, one in actions)
        return
    for action, one in actions:
        yield from ((f"{name}_{action}", figure) for name, figure in one["figures"].items())
    if found["policy"]:
        yield "policy_value", {**found["policy"]["value"], "better": "higher"}
        yield from found["policy"].get("figures", {}).items()

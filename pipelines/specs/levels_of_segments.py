"""The check that segments with risk cuts of their own are values that the data hold."""

from typing import Protocol

from experiments.sections.section import HasName
from features.contract import Contract
from features.errors import SpecError
from pipelines.specs.early_checks import HasLevels
from pipelines.specs.references import unknown_segments


class Levelled(HasName, HasLevels, Protocol):
    """A spec as far as its risk levels name segments."""


def check(spec: Levelled, contract: Contract) -> None:
    """Raise SpecError where score.by is no category of the model's columns, or score.cuts names a value it lacks."""
    by = spec.score.by
    if by is None:
        return
    categories = {column.name: column.categories for column in contract.columns if column.type == "category"}
    if by not in categories:
        raise SpecError(
            f"spec '{spec.name}': score.by: '{by}' is no category among the model's columns; there are"
            f" {sorted(categories)}."
        )
    for fault in unknown_segments(by, spec.score.cuts, categories[by]):
        raise SpecError(f"spec '{spec.name}': {fault}.")

"""The arms of a spec as the values that a treatment may have."""

from collections.abc import Mapping
from dataclasses import replace

from experiments.sections.treatment import HasTreatment
from features.schema import Table
from features.tables import CONTROL, TREATMENTS


def with_arms(declared: Mapping[str, Table], spec: HasTreatment) -> Mapping[str, Table]:
    """The declarations, with treatments restricted to the spec's arms, so that typos are found."""
    if spec.treatment is None or TREATMENTS.name not in declared:
        return declared
    table, arms = declared[TREATMENTS.name], (CONTROL, *spec.actions)
    columns = tuple(replace(one, values=arms) if one.name == "action" else one for one in table.columns)
    return {**declared, TREATMENTS.name: replace(table, columns=columns)}

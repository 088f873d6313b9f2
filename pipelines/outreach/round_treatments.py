"""A round as rows of the canonical table `treatments`, for the next version of the data."""

import json

import pandas as pd
import pyarrow as pa

from features.tables import CONTROL, TREATMENTS
from pipelines.outreach.operations import clock
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.rounds import Round
from pipelines.raw_data.erased import are_pseudonyms


def rows(round_: Round, assignments: pd.DataFrame, *, time_zone: str) -> pa.Table:
    """Everybody whom the round drew, by the company's clocks: withheld ones are in the control.

    The arm is what was assigned, whether it was carried out or not. It was assigned when the round was written. With
    each stands the probability of its own arm, and of all arms, so that the effects can be estimated later. Customers
    whose action was certain to be none took no part, and have no row, nor have erased people: no data know them.
    """
    drawn = assignments[(assignments["proposed"] != NONE) & ~are_pseudonyms(assignments["customer_id"])]
    here = clock.shown(round_.written_at, time_zone)
    campaign = f"{round_.spec} {round_.as_of}"
    shares = [
        {CONTROL if name == NONE else name: float(share) for name, share in one.items()}
        for one in drawn["probabilities"]
    ]
    arms = [CONTROL if action == NONE else str(action) for action in drawn["action"]]
    customers = drawn["customer_id"].astype(str).tolist()
    columns = {
        "treatment_id": [f"{campaign} {customer}" for customer in customers],
        "customer_id": customers,
        "event_at": [here] * len(drawn),
        "known_at": [here] * len(drawn),
        "campaign": [campaign] * len(drawn),
        "action": arms,
        "probability": [one[arm] for one, arm in zip(shares, arms, strict=True)],
        "probabilities": [json.dumps(one, sort_keys=True) for one in shares],
    }
    types = {column.name: pa.type_for_alias(column.arrow_type) for column in TREATMENTS.columns}
    return pa.table({name: pa.array(columns[name], type_) for name, type_ in types.items()})

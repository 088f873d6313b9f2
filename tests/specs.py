"""What every spec has to say, said once for the tests: no dates, no actions, and nothing beside."""

from typing import Any

from experiments.spec import ExperimentSpec

REQUIRED: dict[str, Any] = {
    "observations": None,
    "features": [],
    "treatment": None,
    "value": {},
    "validation": {},
    "checks": {},
    "policy": {},
    "tuning": {},
}


def trial_spec(**changes: Any) -> ExperimentSpec:
    """A table of customers with a trial of two actions, call and coupon."""
    plain = {
        **REQUIRED,
        "name": "shop",
        "title": "A shop",
        "source": {"kind": "table"},
        "label": {"kind": "column"},
        "split": {"kind": "random"},
        "treatment": {"arms": {"call": {}, "coupon": {}}},
    }
    return ExperimentSpec.model_validate({**plain, **changes})

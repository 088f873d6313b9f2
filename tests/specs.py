"""What every spec has to say, said once for the tests: no dates, no actions, and nothing beside."""

from typing import Any

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

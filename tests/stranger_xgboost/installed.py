"""The family and its kind as texts, and the family itself where XGBoost is installed, as `make test` does."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from experiments.family import Family

FAMILY_TEXT, KIND_TEXT = (Path(__file__).with_name(f"{name}.py").read_text() for name in ("family", "kind"))


def families() -> Mapping[str, Family]:
    """The family by its name; nothing without XGBoost."""
    if find_spec("xgboost") is None:
        return {}
    from tests.stranger_xgboost.family import FAMILY

    return {FAMILY.name: FAMILY}

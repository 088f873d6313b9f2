"""The file of rules: what its names may be."""

import pytest
from pydantic import ValidationError

from experiments.alerts.alert_file import TOGETHER, AlertFile

RULE = {"says": {"en": "new", "zh": "新客户"}, "when": {"feature": "tenure", "below": 5}, "owner": "desk"}


def test_no_rule_has_the_name_of_all_together() -> None:
    """Its figures would be replaced by those of all rules."""
    with pytest.raises(ValidationError, match="what figures call all rules together"):
        AlertFile.model_validate({"title": "t", "rules": {TOGETHER: RULE, "other": RULE}})
    assert AlertFile.model_validate({"title": "t", "rules": {"any_of_them": RULE}}).rules

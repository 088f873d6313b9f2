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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rules": {"r": {**RULE, "owner": "dsek"}}}, r"rules.r.owner: there is no owner 'dsek'; owners has \['desk'"),
        ({"rules": {"r": {**RULE, "escalates_to": "haed"}}}, "rules.r.escalates_to: there is no owner 'haed'"),
        ({"routes": {"by": {"by": "x", "owners": {"n": "dsek"}, "default": "desk"}}}, r"routes.by.owners.n: .* 'dsek'"),
        (
            {"routes": {"by": {"by": "x", "owners": {}, "default": "dsek"}}},
            "routes.by.default: .* 'dsek'",
        ),
        ({"rules": {"r": {**RULE, "channel": "mial"}}}, r"no channel 'mial'; there are \['list', 'mail'\]"),
        ({"rules": {"r": {**RULE, "channel": "we chat"}}}, "channel"),
    ],
)
def test_an_unknown_owner_or_channel_is_named(change: dict[str, object], told: str) -> None:
    plain = {"title": "t", "owners": ["desk", "head"], "channels": ["mail"], "rules": {"r": RULE}}
    assert AlertFile.model_validate(plain).undeclared == ()
    with pytest.raises(ValidationError, match=told):
        AlertFile.model_validate({**plain, **change})


def test_what_a_file_does_not_declare_is_said() -> None:
    assert AlertFile.model_validate({"title": "t", "rules": {"r": RULE}}).undeclared == ("owners",)
    mailed = {"r": {**RULE, "channel": "mail", "escalates_to": "anybody"}}
    assert AlertFile.model_validate({"title": "t", "rules": mailed}).undeclared == ("owners", "channels")

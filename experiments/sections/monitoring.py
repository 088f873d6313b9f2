"""Spec section `monitoring`: which changes of the data and of the champion's figures ask for retraining."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from experiments.sections.section import Positive, Section

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _by_kind(said: Any) -> Any:
    """The section `accept` as it is. Raises ValueError where a name stands without its kind."""
    for name, reason in said.items() if isinstance(said, dict) else ():
        if isinstance(reason, str):
            told = f"'{name}' stands without its kind; write such as {{feature_shift: {{{name}: the reason}}}}"
            raise ValueError(told)  # noqa: TRY004 - pydantic reports ValueError only
    return said


class MonitoringSpec(Section):
    """Thresholds of `monitor`; see docs/monitoring.md.

    false_alarms: the share of months in which chance alone may raise any alarm, over all kinds and columns together.
    thresholds: by kind, the smallest effect that asks for retraining (`python -m pipelines list drift` names the kinds
    with their units and defaults). without: kinds that are not asked, each with its reason. accept: by kind, columns,
    tables, figures or actions whose change is known and right, each with its reason: they are shown, and ask for
    nothing.
    """

    false_alarms: float = Field(0.02, gt=0, le=0.25)
    thresholds: dict[str, Positive] = Field(default_factory=dict)
    without: dict[str, Why] = Field(default_factory=dict)
    accept: Annotated[dict[str, dict[str, Why]], BeforeValidator(_by_kind)] = Field(default_factory=dict)

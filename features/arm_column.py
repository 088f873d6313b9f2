"""The arm column of a plain table, with the logged probability of each row's arm."""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Self

import pyarrow as pa
from pydantic import Field, model_validator

from features.schema import Column
from features.section import Name, Section
from features.tables import CONTROL

STRATUM = "stratum"
# Shares are written with three or four digits; they are then made to sum to one exactly.
ROUNDING = 0.002

Shares = Mapping[str, float]


class Strata(Section):
    """Assignment shares by group of customers: the file's column, and the arms' shares for each of its values.

    An arm that a stratum does not name was not given there.
    """

    column: Name
    shares: dict[str, dict[str, float]] = Field(min_length=1)


class ArmColumn(Section):
    """Which column holds the arm, the file's name for each arm, and each arm's assignment probability.

    probabilities are the arms' shares, the control's among them; or probability names a column of the file, the logged
    probability of the row's own arm; or strata gives shares by stratum. Without any, the arms were equally likely.
    """

    column: Name
    control: str
    arms: dict[str, str] = Field(min_length=1)
    probabilities: dict[str, float] = Field(default_factory=dict)
    probability: Name | None = None
    strata: Strata | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arms in the spec, the control first."""
        return (CONTROL, *self.arms)

    @property
    def columns(self) -> list[str]:
        """The columns of the file that it uses."""
        return [self.column, *([self.probability] if self.probability else []), *self._stratum]

    @property
    def _stratum(self) -> list[str]:
        return [self.strata.column] if self.strata else []

    @model_validator(mode="after")
    def _arms_are_told_apart(self) -> Self:
        if CONTROL in self.arms:
            raise ValueError(
                f"arms names '{CONTROL}', which is the arm without action; say in 'control' how it is called"
            )
        texts = [self.control, *self.arms.values()]
        if twice := sorted({text for text in texts if texts.count(text) > 1}):
            raise ValueError(f"{twice} stands for more than one arm")
        return self

    @model_validator(mode="after")
    def _probabilities_are_some(self) -> Self:
        given = [name for name in ("probabilities", "probability", "strata") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given; one of them says it all")
        if self.probabilities:
            _check_shares("probabilities", self.probabilities, self.names)
            if missing := [name for name in self.names if name not in self.probabilities]:
                raise ValueError(f"probabilities: no share of {missing}; give one for each of {list(self.names)}")
        for value, shares in self.strata.shares.items() if self.strata else ():
            _check_shares(f"strata.shares.{value}", shares, self.names)
        return self


def _check_shares(where: str, shares: Shares, arms: tuple[str, ...]) -> None:
    if unknown := sorted(set(shares) - set(arms)):
        raise ValueError(f"{where}: no arm is called {unknown}; the arms are {list(arms)}")
    if outside := {name: share for name, share in shares.items() if not 0 < share <= 1}:
        raise ValueError(f"{where}: {outside} must be above 0 and at most 1")
    if not isclose(total := sum(shares.values()), 1.0, abs_tol=ROUNDING):
        raise ValueError(f"{where}: {dict(shares)} sum to {total:.6g}, not to 1")


def declared(treatment: ArmColumn) -> Iterator[Column]:
    """The columns that result: the arm, its probability and, where there are strata, the stratum."""
    yield Column("arm", "category", "the arm that the customer was given", values=treatment.names)
    if treatment.strata:
        values = tuple(treatment.strata.shares)
        yield Column(STRATUM, "category", "the stratum within which the arm was drawn", values=values)
    yield Column(
        "probability", "number", "the probability of that arm", unit="share", minimum=0, maximum=1, above_minimum=True
    )


def arms_of(texts: pa.Array, treatment: ArmColumn) -> list[str | None]:
    """The arm that each text names, None where it names none."""
    names = {treatment.control: CONTROL} | {raw: arm for arm, raw in treatment.arms.items()}
    return [names.get(text) for text in texts.to_pylist()]


def strata_of(texts: pa.Array, treatment: ArmColumn) -> list[str | None]:
    """The stratum of each text, None where the spec gives no shares for it."""
    known = treatment.strata.shares if treatment.strata else {}
    return [text if text in known else None for text in texts.to_pylist()]


def probabilities_of(
    arms: list[str | None], treatment: ArmColumn, strata: list[str | None] | None = None
) -> list[float | None]:
    """The probability of each arm by the shares of the spec, within its stratum where there are strata."""
    equal = dict.fromkeys(treatment.names, 1 / len(treatment.names))
    if treatment.strata is None or strata is None:
        shares = _exact(treatment.probabilities) if treatment.probabilities else equal
        return [shares.get(arm) if arm else None for arm in arms]
    within = {value: _exact(shares) for value, shares in treatment.strata.shares.items()}
    return [within[value].get(arm) if arm and value else None for arm, value in zip(arms, strata, strict=True)]


def _exact(shares: Shares) -> dict[str, float]:
    """The same, rescaled to sum to one where they were rounded."""
    total = sum(shares.values())
    return dict(shares) if isclose(total, 1.0, abs_tol=1e-12) else {arm: one / total for arm, one in shares.items()}

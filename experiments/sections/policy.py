"""Spec section `policy`: whom the policy may contact, and its limits."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import Field, field_validator

from experiments.sections.section import MOST, Amount, Section, Share

# What an opt-out is of where it is of all actions, beside those of single ones.
EVERY_ACTION = "all"


class FatigueSpec(Section):
    """Who was contacted too often: every customer whose column is above at_most (missing counts as 0)."""

    column: str
    at_most: Amount


class PolicySpec(Section):
    """Who may be contacted, and the limits on contacts; an omitted key sets no limit.

    budget_share: at most this share of the customers on the list. budget_money: what all contacts of one list may cost
    together, in the spec's currency. capacity, by action: a share of the customers on the list, written with a point
    (0.1 or 1.0), or a whole number of contacts (1 is one contact). opt_out: the column that is 1 where a customer must
    not be contacted (0 or missing where one may), or such columns by action, and under `all` the one of all actions.
    fatigue: who was contacted too often already.
    """

    budget_share: Share = 1.0
    budget_money: Amount | None = None
    capacity: dict[str, int | float] = Field(default_factory=dict)
    opt_out: str | dict[str, str] | None = None
    fatigue: FatigueSpec | None = None

    @field_validator("opt_out", mode="before")
    @classmethod
    def _opt_out_is_a_column_or_some_by_action(cls, said: object) -> object:
        parts = [*said, *said.values()] if isinstance(said, dict) else [said]
        if said is not None and not all(isinstance(one, str) for one in parts):
            raise ValueError("it must be a column, or columns by action, such as {call: no_calls}")
        return said

    @field_validator("capacity")
    @classmethod
    def _capacity_is_a_share_or_a_number(cls, capacity: dict[str, int | float]) -> dict[str, int | float]:
        for action, most in capacity.items():
            if not 0 <= most <= MOST or (most > 1 and most != int(most)):
                raise ValueError(f"{action} is {most}; it must be a share above 0 and at most 1.0, or a whole number")
        return {action: int(most) if most > 1 or most == 0 else most for action, most in capacity.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it uses beside the value."""
        own = (*self.opt_outs.values(), *((self.fatigue.column,) if self.fatigue else ()))
        return tuple(dict.fromkeys(own))

    @property
    def opt_outs(self) -> Mapping[str, str]:
        """The columns of the opt-outs by action, and under `all` the one of all actions."""
        return {EVERY_ACTION: self.opt_out} if isinstance(self.opt_out, str) else self.opt_out or {}


class HasPolicy(Protocol):
    """A spec as far as it limits the policy."""

    @property
    def policy(self) -> PolicySpec:
        """The section."""

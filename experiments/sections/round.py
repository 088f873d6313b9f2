"""Spec section `round`: the shares of a contact list that are withheld, or randomised to another action."""

from typing import Annotated

from pydantic import Field

from experiments.sections.section import Section

Drawn = Annotated[float, Field(ge=0, lt=1)]


class RoundSpec(Section):
    """What is drawn when a round of contacts is.

    control: the share of those with a proposed action who are withheld, so that its effect can be measured. explore:
    the share whose action is drawn among those they may get, so that the effects of all actions can be learned.
    rest_days: so long after the date of a round, of any spec, nobody whom it contacts is drawn again.
    """

    control: Drawn = 0.1
    explore: Drawn = 0.0
    rest_days: int = Field(30, ge=0, le=3_650)

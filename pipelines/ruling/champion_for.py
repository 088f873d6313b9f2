"""What a champion is certified for (risk, uplift or both) by the evidence at its promotion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Claims:
    """What a champion was shown to be good for: it ranks the risk; its policy earns more than doing nothing."""

    risk: bool = True
    uplift: bool = False

    @property
    def words(self) -> str:
        """The claims in words."""
        told = [name for name, is_for in (("the risk", self.risk), ("the choice of actions", self.uplift)) if is_for]
        return " and ".join(told) or "nothing"


def recorded(body: Mapping[str, Any]) -> Claims | None:
    """The claims in a ledger entry; None where it has none.

    Entries from before claims were written down say it by their figures: a first champion had to beat the prior model,
    and a policy was shown to earn more than doing nothing in a randomised trial and its 95 % interval lies above 0.
    """
    if "claims" in body:
        return Claims(**body["claims"])
    figures = body["figures"].get("challenger")
    if not figures:
        return None
    value = next((one for name, one in figures.items() if name.startswith("policy value")), None)
    return Claims(risk=True, uplift=body["primary"] == "policy_value" and value is not None and value["low"] > 0)

"""A lint finding on an alert rule or a playbook row, made without looking at data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    """What is said of a rule, by its name, and whether it is a mistake (the file is refused) or a piece of advice."""

    rule: str
    text: str
    is_mistake: bool = True

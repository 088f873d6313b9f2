"""Lints a file of alert rules without data: reports errors and redundant rules."""

from collections.abc import Iterator, Mapping
from itertools import permutations

from experiments.alerts.alert_file import Rule
from experiments.logic import truth_table
from experiments.logic.condition import Columns
from experiments.logic.remark import Remark


def remarks(rules: Mapping[str, Rule], columns: Columns) -> list[Remark]:
    """What is to be said of rules, by name, given the columns that a customer has.

    Mistakes: a column or lexicon that there is not, a rule that can never be true. Advice: a rule that another always
    covers; one with too many combinations to examine.
    """
    wrong = [Remark(name, text) for name, rule in rules.items() for text in dict.fromkeys(rule.when.mistakes(columns))]
    sound = {name: rule for name, rule in rules.items() if name not in {one.rule for one in wrong}}
    never = {name: truth_table.is_contradiction(rule.when, columns) for name, rule in sound.items()}
    wrong += [Remark(name, "it can never be true") for name, found in never.items() if found]
    unknown = [
        Remark(name, "it has too many conditions to say whether it can be true, or is superfluous", is_mistake=False)
        for name, found in never.items()
        if found is None
    ]
    possible = {name: rule for name, rule in sound.items() if never[name] is False}
    return [*wrong, *unknown, *_covered(possible, columns)]


def _covered(rules: Mapping[str, Rule], columns: Columns) -> Iterator[Remark]:
    for (name, rule), (other, wider) in permutations(rules.items(), 2):
        if truth_table.is_covered(rule.when, by=wider.when, columns=columns):
            yield Remark(name, f"wherever it is true, '{other}' is true as well", is_mistake=False)

"""Lints a playbook without data: rows that no customer can match, and rows that contradict each other."""

from collections.abc import Collection, Iterator
from itertools import combinations

from experiments.logic import truth_table
from experiments.logic.condition import Columns
from experiments.logic.remark import Remark
from experiments.playbooks.playbook_file import NO_ACTION, PlaybookFile


def remarks(playbook: PlaybookFile, *, actions: Collection[str], columns: Columns) -> list[Remark]:
    """What is to be said of the rows, given the spec's actions, which have costs, and a customer's columns.

    Mistakes: an unknown column or action, a segment of nobody, a row that is never reached because an earlier one
    takes all its customers and gives them another action. Advice: the same with the same action; a segment that no row
    uses.
    """
    found = list(_of_segments(playbook, columns))
    wrong = {one.rule for one in found}
    found += [
        Remark(name, f"the action '{row.action}' has no cost: it is not among the spec's actions {sorted(actions)}")
        for name, row in playbook.rows.items()
        if row.action not in actions and row.action != NO_ACTION
    ]
    used = {row.segment for row in playbook.rows.values()}
    found += [Remark(name, "no row uses it", is_mistake=False) for name in playbook.segments if name not in used]
    return [*found, *_never_reached(playbook, columns, wrong)]


def _of_segments(playbook: PlaybookFile, columns: Columns) -> Iterator[Remark]:
    for name, segment in playbook.segments.items():
        mistakes = list(dict.fromkeys(segment.mistakes(columns)))
        yield from (Remark(name, text) for text in mistakes)
        if not mistakes and truth_table.is_contradiction(segment, columns):
            yield Remark(name, "no customer can be in it")


def _never_reached(playbook: PlaybookFile, columns: Columns, wrong: Collection[str]) -> Iterator[Remark]:
    rows = [(name, row) for name, row in playbook.rows.items() if row.segment not in wrong]
    for (earlier, first), (name, row) in combinations(rows, 2):
        segments = playbook.segments[row.segment], playbook.segments[first.segment]
        if truth_table.is_covered(*segments, columns):
            same = row.action == first.action
            yield Remark(
                name,
                f"'{earlier}' stands before it and takes all its customers"
                + (
                    ""
                    if same
                    else f", for '{first.action}' instead of '{row.action}'; write it before, or leave it out"
                ),
                is_mistake=not same,
            )

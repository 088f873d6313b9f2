"""What every kind of condition must do; a new file in `experiments/conditions` is tested by being there."""

from itertools import pairwise

import numpy as np
import pytest

from experiments import conditions
from experiments.alerts import grammar
from experiments.logic import truth
from experiments.logic.condition import Condition, ConditionKind, KnownColumn, Values
from features.plugins import discover, names

KINDS = discover(conditions, ConditionKind)
ROWS = 200


def example(kind: ConditionKind) -> Condition:
    return grammar.read(dict(kind.example))


def values(condition: Condition, seed: int = 0) -> Values:
    """Random values of the columns it reads, around its edges, some missing."""
    draw = np.random.default_rng(seed)
    found = {}
    for column in condition.columns():
        edges = condition.edges()[column]
        if all(isinstance(one, str) for one in edges):
            found[column] = draw.choice(np.array([*edges, "another", None], dtype=object), ROWS)
            continue
        around = [float(one) + step for one in edges for step in (-2.0, -0.5, 0.0, 0.5, 2.0)]
        found[column] = draw.choice(np.array([*around, np.nan]), ROWS)
    return found


def test_each_kind_is_named_like_its_module() -> None:
    assert list(KINDS) == names(conditions)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_it_says_true_false_and_unknown_in_its_own_words(kind: ConditionKind) -> None:
    condition = example(kind)
    found = condition.truth(values(condition))
    assert set(found) == {truth.TRUE, truth.FALSE, truth.UNKNOWN}
    assert any(str(value) in condition.words() for key, value in kind.example.items() if key == kind.name)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_missing_value_is_unknown(kind: ConditionKind) -> None:
    condition = example(kind)
    gone = {name: np.full_like(one, np.nan if one.dtype == float else None) for name, one in values(condition).items()}
    assert (condition.truth(gone) == truth.UNKNOWN).all()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_other_customers_change_nothing(kind: ConditionKind) -> None:
    condition = example(kind)
    rows = values(condition)
    order = np.random.default_rng(1).permutation(ROWS)[: ROWS // 2]
    some = {name: one[order] for name, one in rows.items()}
    assert (condition.truth(some) == condition.truth(rows)[order]).all()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_between_two_edges_nothing_changes(kind: ConditionKind) -> None:
    condition = example(kind)
    rows = values(condition)
    for column, edges in condition.edges().items():
        if isinstance(edges[0], str):
            continue
        cuts = sorted(float(one) for one in edges)
        for low, high in pairwise([-1e6, *cuts, 1e6]):
            inside = np.concatenate([np.linspace(low, high, 999)[1:-1], low + np.geomspace(1e-9, high - low, 99)[:-1]])
            found = [condition.truth({**rows, column: np.full(ROWS, value)}) for value in inside]
            assert all((one == found[0]).all() for one in found)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_it_says_which_column_there_is_not(kind: ConditionKind) -> None:
    condition = example(kind)
    assert list(condition.mistakes({}))
    number = {name: KnownColumn("number") for name in condition.columns()}
    category = {name: KnownColumn("category") for name in condition.columns()}
    assert not list(condition.mistakes(number)) or not list(condition.mistakes(category))

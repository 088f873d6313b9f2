"""A file that was put together from those who left and those who stayed is told by its order, or by the keys."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.checks.l012_order_predicts import order_predicts
from experiments.leaks.check import LeakEvidence
from tests.experiments.checks.worlds import clean


def in_order(seed: int, place: np.ndarray | None = None) -> LeakEvidence:
    """A clean world, its rows where place says, or where they happen to stand."""
    world = clean(seed)
    return replace(world, places=np.arange(len(world.training.y)) if place is None else place.astype(np.intp))


def sorted_by_outcome(seed: int, mixed: float) -> np.ndarray:
    """Places of which a share is at random, while those who left stand behind."""
    y, rng = clean(seed).training.y, np.random.default_rng(seed)
    return np.argsort(
        np.argsort(np.where(rng.random(len(y)) < mixed, rng.random(len(y)), 0.5 * y + 0.5 * rng.random(len(y))))
    )


def planted(seed: int) -> LeakEvidence:
    return in_order(seed, sorted_by_outcome(seed, 0.0))


@pytest.mark.parametrize("seed", range(3))
def test_a_file_of_which_half_is_sorted_is_told_where_columns_know_less(seed: int) -> None:
    (finding,) = order_predicts.examine(in_order(seed, sorted_by_outcome(seed, 0.35)))
    assert (finding.subject, finding.threshold) == ("row order", 0.01)


def test_files_one_after_the_other_are_told_though_no_end_is_the_riskier() -> None:
    """Those who left stand in the middle of the file: its ranks tell nothing, its stretches do."""
    y, rng = clean(2).training.y, np.random.default_rng(2)
    place = np.argsort(np.argsort(np.where(y == 1, 0.4 + 0.2 * rng.random(len(y)), rng.random(len(y)))))
    assert order_predicts.examine(in_order(2, place))


@pytest.mark.parametrize("form", ["{:d}", "C-{:05d}", "{:07d}"])
def test_keys_that_were_given_to_those_who_left_first_are_told(form: str) -> None:
    world = clean(5)
    key = np.argsort(np.argsort(-world.training.y, kind="stable"))
    customers = np.array([form.format(one) for one in key], dtype=object)
    (finding,) = order_predicts.examine(replace(world, training=replace(world.training, customers=customers)))
    assert finding.subject == "customer_id"


def test_keys_that_begin_otherwise_are_told_by_letter() -> None:
    world = clean(5)
    names = zip(world.training.customers, world.training.y, strict=True)
    customers = np.array([f"{'OLD' if left else 'CRM'}x{one}" for one, left in names], dtype=object)
    (finding,) = order_predicts.examine(replace(world, training=replace(world.training, customers=customers)))
    assert "letters" in finding.sentence


def test_keys_by_the_day_of_joining_are_honest_where_a_column_says_as_much() -> None:
    world = clean(1028)
    strongest = max(world.contract.names, key=lambda name: world.single_columns[name].auc)
    place = np.nan_to_num(world.training.X[:, world.contract.names.index(strongest)]).argsort().argsort()
    assert not order_predicts.examine(in_order(1028, place))


@pytest.mark.parametrize("dated", [False, True])
def test_rows_in_any_order_are_not_told(dated: bool) -> None:
    for seed in range(10):
        world = clean(seed, dated=dated)
        assert not order_predicts.examine(replace(world, places=None if dated else np.arange(len(world.training.y))))

"""What every leak check must do: find its planted leak, find nothing in a clean world, and say what it measured."""

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from experiments import checks
from experiments.leaks.boosted import boosted, usable
from experiments.leaks.check import Check, LeakEvidence, Severity, examined
from experiments.metric import evaluate
from experiments.metrics.auc import METRIC as AUC
from features.plugins import discover, names
from tests.experiments.checks.worlds import clean, clean_with_all, engineered

CHECKS = discover(checks, Check)
MODULES = {name.split("_")[0].upper(): name for name in names(checks)}
every_check = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())


def planted(check: Check, seed: int) -> LeakEvidence:
    """The leak that the check's own test plants."""
    found: LeakEvidence = import_module(f"tests.experiments.checks.test_{MODULES[check.code]}").planted(seed)
    return found


@every_check
def test_a_check_has_a_code_that_is_its_files_a_sentence_a_test_and_a_place_in_the_docs(
    check: Check, root: Path
) -> None:
    assert re.fullmatch(r"L\d{3}", check.code)
    assert MODULES[check.code] == f"{check.code.lower()}_{check.examine.__name__}"
    assert check.meaning.endswith(".")
    assert (root / f"tests/experiments/checks/test_{MODULES[check.code]}.py").exists()
    documented = f"\n## {check.code}\n" in (root / "docs" / "checks.md").read_text()
    assert documented, f"docs/checks.md has no section '## {check.code}'"


@every_check
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_check_fires_on_its_planted_leak_and_says_both_numbers(check: Check, seed: int) -> None:
    findings = check.examine(planted(check, seed))
    assert findings
    for finding in findings:
        assert finding.measured > finding.threshold or finding.measured == pytest.approx(finding.threshold)
        assert len(re.findall(r"\d[\d,.]*", finding.sentence)) >= 2, finding.sentence
        assert "\n" not in finding.sentence


@every_check
@pytest.mark.parametrize("dated", [False, True], ids=["without dates", "with dates"])
def test_a_check_finds_nothing_in_clean_worlds(check: Check, dated: bool) -> None:
    assert not [seed for seed in range(15) if check.examine(clean(seed, rows=1000, dated=dated))]


def alarms(seeds: range, world: Callable[[int], LeakEvidence] = clean_with_all) -> dict[int, set[str]]:
    """The checks that find something, refusing or warning, by the seed of a clean world where any does."""
    found = {seed: examined(CHECKS, world(seed), off={}) for seed in seeds}
    codes = {seed: {one.code for one in results if one.findings} for seed, results in found.items()}
    return {seed: those for seed, those in codes.items() if those}


def test_clean_worlds_raise_no_alarm_of_any_check() -> None:
    """Twelve of the worlds below, one of each shape."""
    assert not alarms(range(5012, 5024))


@pytest.mark.slow
def test_at_most_two_in_a_hundred_clean_worlds_raise_an_alarm_of_any_check_together() -> None:
    """Measured over 3,000 worlds (seeds 10000 to 12999): 7, by L003 and L008 (0.23 %, standard error 0.09).

    Were there alarms in 5 of 100 worlds, this would pass in 6 of 1,000 runs.
    """
    found = alarms(range(6000, 6180))
    assert len(found) <= 2, found


@pytest.mark.slow
@pytest.mark.parametrize("block", range(2))
def test_nor_do_stronger_ones_with_columns_made_of_others_while_all_come_to_less_than_090(block: int) -> None:
    """Measured over 1,000 worlds: of 940 below an AUC of 0.90 (trees) 10, 1.1 % (standard error 0.3)."""
    found = alarms(range(2000 + 50 * block, 2050 + 50 * block), engineered)
    assert not {"L009", "L010", "L011", "L012", "L014"} & set().union(*found.values())
    modest = {seed: codes for seed, codes in found.items() if together(engineered(seed)) < 0.90}
    assert len(modest) <= 1, modest


def together(world: LeakEvidence) -> float:
    """The AUC of all columns by boosted trees."""
    score = boosted(usable(world), world).score
    known = ~np.isnan(score)
    return evaluate(AUC, world.training.y[known], score[known])


@every_check
def test_shuffled_outcomes_are_never_a_leak(check: Check) -> None:
    """But for what needs no outcome: copied keys, names, constant columns."""
    for seed in range(5):
        world = clean(seed, rows=1000)
        shuffled = np.random.default_rng(seed).permutation(world.training.y)
        assert not check.examine(replace(world, training=replace(world.training, y=shuffled)))


@every_check
def test_a_check_is_a_pure_function(check: Check) -> None:
    world = planted(check, 14)
    before = world.training.X.copy(), world.training.y.copy()
    assert check.examine(world) == check.examine(world)
    assert np.array_equal(before[0], world.training.X, equal_nan=True)
    assert np.array_equal(before[1], world.training.y)


@pytest.mark.parametrize(
    "check", [one for one in CHECKS.values() if one.severity is Severity.REFUSE], ids=lambda one: one.code
)
def test_a_check_that_refuses_looks_at_no_outcome_of_the_gate_cohort(check: Check) -> None:
    world = planted(check, 15)
    blind = replace(world, gate=replace(world.gate, y=np.full(len(world.gate.y), np.nan)))
    assert check.examine(blind) == check.examine(world)


@every_check
def test_columns_without_a_value_and_a_world_of_one_column_are_no_obstacle(check: Check) -> None:
    world = clean(1)
    none = replace(world.training, X=np.full_like(world.training.X, np.nan))
    assert not check.examine(replace(world, training=none, gate=replace(world.gate, X=world.gate.X * np.nan)))
    one = replace(world.training, X=world.training.X[:, :1])
    alone = replace(world, contract=world.contract.select(world.contract.names[:1]), training=one)
    assert not check.examine(replace(alone, gate=replace(world.gate, X=world.gate.X[:, :1])))

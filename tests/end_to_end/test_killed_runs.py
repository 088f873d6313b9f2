"""A run that is killed at any moment loses nothing and doubles nothing: the next one ends as if nothing had been."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.killed_runs import kill_at_random, left
from tests.end_to_end.repository import Repository
from tests.end_to_end.small_table import put_small_table


@pytest.mark.slow
def test_after_five_kills_a_run_ends_as_an_undisturbed_one(
    copy_of_repository: Callable[[], Repository], shop_once: Path
) -> None:
    def make() -> Repository:
        repository = copy_of_repository()
        assert repository.act("data", "shop", put_small_table(repository)).returncode == 0
        return repository

    undisturbed = left(shop_once, "shop")
    assert (undisturbed["versions"], undisturbed["finished"], undisturbed["at work"]) == ([1], 1, 0)
    for found in kill_at_random(make, "shop", 5, np.random.default_rng(18)):
        assert found == undisturbed

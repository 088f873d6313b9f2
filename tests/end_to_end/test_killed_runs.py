"""A run that is killed at any moment loses nothing and doubles nothing: the next one ends as if nothing had been."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

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


def test_what_a_killed_registration_left_to_do_is_done_by_the_next(shop_with_champion: Repository) -> None:
    address = f"sqlite:///{shop_with_champion.root}/mlflow.db"
    client = MlflowClient(address, address)
    version = client.get_model_version("shop", "1")
    assert client.get_run(version.run_id).info.status == "FINISHED"
    client.set_terminated(version.run_id, "KILLED")
    client.update_model_version("shop", "1", "")
    assert shop_with_champion.act("register", "shop").returncode == 0
    assert client.get_run(version.run_id).info.status == "FINISHED"
    described = str(client.get_model_version("shop", "1").description)
    assert described.splitlines()[0] == str(version.description).splitlines()[0]

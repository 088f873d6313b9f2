"""`simulate`: what it refuses before anything is played."""

import argparse
from pathlib import Path

import pytest

from features.errors import UsageError
from pipelines.commands import simulate
from pipelines.workspace import Workspace
from tests.specs import trial_spec


def asked(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    simulate.arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("--months", "0"), "months"),
        (("--months", "121"), "months"),
        (("--seed", "-1"), "seed"),
        (("--seed", str(2**31 - 1)), "seed"),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(words: tuple[str, ...], name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"--{name} .* is not between"):
        simulate.run(trial_spec(), Workspace(tmp_path, "shop"), asked(*words))


def test_a_year_is_twelve_months_with_the_specs_own_seed() -> None:
    assert vars(asked()) == {"months": 12, "seed": None}

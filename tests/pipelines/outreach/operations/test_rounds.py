"""Rounds in the database: once for a spec and date, the same when asked again, and whom they hold back."""

from dataclasses import replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import DataError
from pipelines.outreach.operations import database, rounds
from pipelines.outreach.operations.rounds import Round

ROUND = Round(
    "demo",
    date(2026, 1, 1),
    "2026-01-01T08:00:00+00:00",
    "desk",
    "7",
    0.1,
    0.2,
    date(2026, 3, 16),
    {"model": "3", "playbook": None},
)


def assignments(count: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{place}" for place in range(count)],
            "action": ["call", "none", "none", "coupon"][:count],
            "proposed": ["call", "call", "none", "coupon"][:count],
            "withheld": [False, True, False, False][:count],
            "explored": [False] * count,
            "level": ["high", "high", "low", "medium"][:count],
            "risk": [0.7, 0.6, 0.01, 0.3][:count],
            "expected_value": [12.5, 3.0, float("nan"), 1 / 3][:count],
            "because": ["none", "none", "not worth it", "none"][:count],
            "reasons": [[["Uses it less", "使用减少"]], [], [], []][:count],
            "probabilities": [
                {"none": 0.1, "call": 0.9, "coupon": 0.0},
                {"none": 0.1, "call": 0.9, "coupon": 0.0},
                {"none": 1.0, "call": 0.0, "coupon": 0.0},
                {"none": 0.1, "call": 0.0, "coupon": 0.9},
            ][:count],
        }
    )


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return database.opened(tmp_path)


def test_what_is_written_is_read_to_the_bit(engine: sa.Engine) -> None:
    _, kept = rounds.written(engine, ROUND, assignments())
    again = rounds.found(engine, "demo", ROUND.as_of)
    assert again is not None
    assert again[0] == ROUND
    pd.testing.assert_frame_equal(again[1], kept)
    pd.testing.assert_frame_equal(kept[assignments().columns.tolist()], assignments(), check_dtype=False)


def test_a_second_draw_of_the_same_date_changes_nothing(engine: sa.Engine) -> None:
    rounds.written(engine, ROUND, assignments())
    other = assignments().assign(action="none", withheld=True)
    there, kept = rounds.written(engine, replace(ROUND, seed="8"), other)
    assert there == ROUND
    assert kept["action"].tolist() == assignments()["action"].tolist()
    assert len(rounds.all_of(engine, "demo")) == 1


def _write(root: Path, seed: int) -> str:
    return rounds.written(database.opened(root), replace(ROUND, seed=str(seed)), assignments())[0].seed


def test_of_many_who_write_at_once_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    with get_context("spawn").Pool(2) as pool:
        seeds = pool.starmap(_write, [(tmp_path, seed) for seed in range(4)])
    assert len(set(seeds)) == 1


def test_who_is_withheld_is_held_back_from_every_spec_until_the_window_closes(engine: sa.Engine) -> None:
    rounds.written(engine, ROUND, assignments())
    for on, held in (
        (date(2026, 1, 1), set()),
        (date(2026, 1, 2), {"c1"}),
        (date(2026, 3, 15), {"c1"}),
        (date(2026, 3, 16), set()),
    ):
        assert rounds.held_back(engine, on) == held
    rounds.written(
        engine,
        replace(ROUND, spec="other", as_of=date(2026, 2, 1), window_closes_at=date(2026, 4, 1)),
        assignments().assign(customer_id=["d0", "d1", "d2", "d3"]),
    )
    assert rounds.held_back(engine, date(2026, 2, 2)) == {"c1", "d1"}


def test_an_empty_round_is_one(engine: sa.Engine) -> None:
    _, kept = rounds.written(engine, ROUND, assignments(0))
    assert kept.empty
    assert rounds.found(engine, "demo", ROUND.as_of) is not None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"customer_id": ["c0", "c0", "c2", "c3"]}, "'c0' twice"),
        ({"probabilities": [{"none": 0.5}] * 4}, "no distribution"),
        ({"probabilities": [{"none": 1.5, "call": -0.5}] * 4}, "no distribution"),
    ],
)
def test_what_is_no_round_is_refused_and_nothing_is_kept(
    engine: sa.Engine, change: dict[str, list[object]], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        rounds.written(engine, ROUND, assignments().assign(**change))
    assert rounds.found(engine, "demo", ROUND.as_of) is None


def test_a_round_that_was_changed_behind_our_back_is_noticed(engine: sa.Engine) -> None:
    rounds.written(engine, ROUND, assignments())
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER holdfast_assignments_update")
        connection.exec_driver_sql("UPDATE holdfast_assignments SET action = 'call' WHERE customer_id = 'c1'")
    with pytest.raises(DataError, match="it was changed"):
        rounds.found(engine, "demo", ROUND.as_of)

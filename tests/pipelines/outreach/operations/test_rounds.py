"""Rounds in the database: once for a spec and date, the same when asked again, and whom they hold back."""

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import DataError
from pipelines.outreach.operations import assignment_rows, database, rounds
from pipelines.outreach.operations.rounds import Round
from pipelines.outreach.operations.tables import ASSIGNMENTS, ROUNDS

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
            "next_best": ["coupon", "none", "none", "none"][:count],
            "why_action": [["Uses it less", "使用减少"], ["", ""], ["", ""], ["", ""]][:count],
            "warnings": [[{"rule": "use", "level": "high", "owner": "desk", "due_at": "2026-01-04"}], [], [], []][
                :count
            ],
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


def _written(engine: sa.Engine, round_: Round, rows: pd.DataFrame) -> tuple[Round, pd.DataFrame]:
    kept = rounds.written(engine, round_, rows, rest_days=0)
    assert kept is not None
    return kept


def test_what_is_written_is_read_to_the_bit(engine: sa.Engine) -> None:
    kept = _written(engine, ROUND, assignments())[1]
    again = rounds.found(engine, "demo", ROUND.as_of)
    assert again is not None
    assert again[0] == ROUND
    pd.testing.assert_frame_equal(again[1], kept)
    pd.testing.assert_frame_equal(kept[assignments().columns.tolist()], assignments(), check_dtype=False)


def test_a_second_draw_of_the_same_date_changes_nothing(engine: sa.Engine) -> None:
    rounds.written(engine, ROUND, assignments(), rest_days=0)
    other = assignments().assign(action="none", withheld=True)
    there, kept = _written(engine, replace(ROUND, seed="8"), other)
    assert there == ROUND
    assert kept["action"].tolist() == assignments()["action"].tolist()
    assert len(rounds.all_of(engine, "demo")) == 1


def _write(root: Path, seed: int) -> str:
    return _written(database.opened(root), replace(ROUND, seed=str(seed)), assignments())[0].seed


def test_of_many_who_write_at_once_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    with get_context("spawn").Pool(2) as pool:
        seeds = pool.starmap(_write, [(tmp_path, seed) for seed in range(4)])
    assert len(set(seeds)) == 1


def test_who_is_withheld_is_held_back_from_every_spec_until_the_window_closes(engine: sa.Engine) -> None:
    rounds.written(engine, ROUND, assignments(), rest_days=0)
    for on, held in (
        (date(2025, 12, 31), {"c1"}),  # a list that is drawn later for an earlier date is contacted later
        (date(2026, 1, 1), {"c1"}),  # and so is that of another spec of the same day
        (date(2026, 1, 2), {"c1"}),
        (date(2026, 3, 15), {"c1"}),
        (date(2026, 3, 16), set()),
    ):
        assert rounds.held_back(engine, on) == held
    rounds.written(
        engine,
        replace(ROUND, spec="other", as_of=date(2026, 2, 1), window_closes_at=date(2026, 4, 1)),
        assignments().assign(customer_id=["d0", "d1", "d2", "d3"]),
        rest_days=0,
    )
    assert rounds.held_back(engine, date(2026, 2, 2)) == {"c1", "d1"}


def test_a_round_that_would_contact_who_was_withheld_meanwhile_is_not_written(engine: sa.Engine) -> None:
    other = replace(ROUND, spec="other", as_of=date(2026, 1, 9))
    held = rounds.held_back(engine, other.as_of)
    assert not held
    rounds.written(engine, ROUND, assignments(), rest_days=0)  # between the other's draft and its writing
    assert rounds.written(engine, other, assignments(), rest_days=0) is None
    assert rounds.found(engine, "other", other.as_of) is None
    without = assignments().assign(proposed=["call", "none", "none", "coupon"], withheld=False)
    assert rounds.written(engine, other, without, rest_days=0) is not None
    # It is there now, and asked again it is the one there is.
    assert rounds.written(engine, other, assignments(), rest_days=0) is not None


LISTED = {"probabilities": {"none": 1.0}, "reasons": [], "warnings": [], "next_best": "none"}


def _contacts(root: Path, spec: str) -> tuple[set[str], set[str]]:
    """Whom a round of a spec contacts and withholds of twenty customers, drafted until it can be written."""
    engine, names = database.opened(root), [f"c{place}" for place in range(20)]
    round_, kept = replace(ROUND, spec=spec), None
    while kept is None:
        held = rounds.held_back(engine, round_.as_of)
        proposed = ["none" if name in held else "call" for name in names]
        withheld = [one == "call" and _takes(spec, name) for one, name in zip(proposed, names, strict=True)]
        action = ["none" if gone else one for one, gone in zip(proposed, withheld, strict=True)]
        frame = pd.DataFrame({"customer_id": names, "action": action, "proposed": proposed, "withheld": withheld})
        more = {"explored": False, "level": "low", "risk": 0.1, "expected_value": 1.0, "because": "none"}
        kept = rounds.written(
            engine, round_, frame.assign(**more, **{name: [value] * 20 for name, value in LISTED.items()}), rest_days=0
        )
    drawn = kept[1]
    return set(drawn.loc[drawn["action"] == "call", "customer_id"]), set(drawn.loc[drawn["withheld"], "customer_id"])


def _takes(spec: str, name: str) -> bool:
    return sum(f"{spec}{name}".encode()) % 3 == 0


def test_of_specs_that_draw_at_once_none_contacts_who_an_earlier_one_withholds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    specs = ["one", "two", "three", "four"]
    with get_context("spawn").Pool(2) as pool:
        found = dict(zip(specs, pool.starmap(_contacts, [(tmp_path, spec) for spec in specs]), strict=True))
    engine = database.opened(tmp_path)
    with engine.connect() as connection:
        written = connection.exec_driver_sql("SELECT spec FROM holdfast_rounds ORDER BY rowid").scalars().all()
    for place, earlier in enumerate(written):
        for later in written[place + 1 :]:
            assert not found[earlier][1] & found[later][0]


@pytest.mark.parametrize("spec", ["demo", "other"])
def test_who_is_contacted_rests_in_every_spec(engine: sa.Engine, spec: str) -> None:
    rounds.written(engine, ROUND, assignments(), rest_days=30)
    for on, rest_days, told in (
        (date(2026, 1, 1), 1, {"c0", "c3"}),  # another spec's round of the same day
        (date(2025, 12, 1), 30, {"c0", "c3"}),  # and one for an earlier date, which is contacted later
        (date(2026, 1, 30), 30, {"c0", "c3"}),
        (date(2026, 1, 31), 30, set()),
        (date(2026, 1, 1), 0, set()),
        (date(1, 1, 2), 3_650, {"c0", "c3"}),
    ):
        assert rounds.contacted(engine, on, rest_days) == told
    later = replace(ROUND, spec=spec, as_of=date(2026, 1, 30))
    rested = assignments().assign(proposed=["none", "none", "call", "none"], action=["none", "none", "call", "none"])
    assert rounds.written(engine, later, assignments().assign(withheld=False), rest_days=30) is None
    assert rounds.written(engine, later, rested, rest_days=30) is not None


def test_whom_a_round_withholds_no_list_contacts_within_its_window_in_whatever_order_they_are_drawn(
    engine: sa.Engine,
) -> None:
    """Two specs, windows of 40 and 90 days, dates in any order, a rest of a day at least: 40 customers, 40 rounds."""
    gen, drawn = np.random.default_rng(0), []
    names = np.array([f"c{place}" for place in range(40)])
    for _ in range(40):
        on, spec = date(2026, 1, 1) + timedelta(days=int(gen.integers(0, 365))), str(gen.choice(["one", "two"]))
        rest_days = int(gen.integers(1, 40))
        bound = rounds.held_back(engine, on) | rounds.contacted(engine, on, rest_days)
        proposed = np.where(np.isin(names, list(bound)) | (gen.random(40) < 0.5), "none", "call")
        withheld = (proposed == "call") & (gen.random(40) < 0.3)
        frame = pd.DataFrame({"customer_id": names, "proposed": proposed, "withheld": withheld})
        frame = frame.assign(action=np.where(withheld, "none", proposed), explored=False, level="low", risk=0.1)
        more = {"expected_value": 1.0, "because": "none", **{name: [value] * 40 for name, value in LISTED.items()}}
        closes = on + timedelta(days=40 if spec == "one" else 90)
        head = replace(ROUND, spec=spec, as_of=on, window_closes_at=closes)
        kept = rounds.written(engine, head, frame.assign(**more), rest_days=rest_days)
        assert kept is not None
        drawn.append((kept[0], kept[1].set_index("customer_id")))
    spoilt = [
        set(mine.index[mine["withheld"]]) & set(theirs.index[theirs["action"] != "none"])
        for one, mine in drawn
        for other, theirs in drawn
        if one.as_of <= other.as_of < one.window_closes_at
    ]
    assert len(spoilt) > 100
    assert not set().union(*spoilt)
    assert sum(int(mine["withheld"].sum()) for _, mine in drawn) > 20


def test_a_round_from_before_there_were_warnings_in_it_is_read(engine: sa.Engine) -> None:
    rounds.written(engine, ROUND, assignments(), rest_days=0)
    with engine.begin() as connection:  # as a version of before wrote it, with the digest that it computed
        rows = [dict(row) for row in connection.execute(sa.select(ASSIGNMENTS)).mappings()]
        plain = [
            {name: row[name] for name in assignment_rows.COLUMNS if name not in assignment_rows.LATER} for row in rows
        ]
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False, allow_nan=False)
        old = {"as_of": "2025-12-01", "digest": hashlib.sha256(text.encode()).hexdigest()}
        head = dict(connection.execute(sa.select(ROUNDS)).mappings().one())
        connection.execute(sa.insert(ROUNDS), {**head, **old})
        connection.execute(
            sa.insert(ASSIGNMENTS), [{**row, "as_of": old["as_of"], "spec": "demo"} for row in _without(plain)]
        )
    found = rounds.found(engine, "demo", date(2025, 12, 1))
    assert found is not None
    assert found[1]["warnings"].tolist() == [[]] * 4
    assert found[1]["next_best"].tolist() == ["none"] * 4


def _without(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{**row, "next_best": None, "warnings": None} for row in rows]


def test_an_empty_round_is_one(engine: sa.Engine) -> None:
    kept = _written(engine, ROUND, assignments(0))[1]
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
        rounds.written(engine, ROUND, assignments().assign(**change), rest_days=0)
    assert rounds.found(engine, "demo", ROUND.as_of) is None


def test_a_round_that_was_changed_behind_our_back_is_noticed(engine: sa.Engine) -> None:
    rounds.written(engine, ROUND, assignments(), rest_days=0)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER holdfast_assignments_update")
        connection.exec_driver_sql("UPDATE holdfast_assignments SET action = 'call' WHERE customer_id = 'c1'")
    with pytest.raises(DataError, match="it was changed"):
        rounds.found(engine, "demo", ROUND.as_of)

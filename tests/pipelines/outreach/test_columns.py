"""The columns of rules: what is named like ours, who is to act by a category, and what changed since the last round."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.alerts import grammar
from experiments.alerts.alert_file import AlertFile
from features.errors import DataError, UsageError
from pipelines.commands import round as command
from pipelines.matrix import matrices
from pipelines.outreach import alert_run, champion_scores, columns
from pipelines.outreach.columns import LEVEL, OF_THE_MODEL, SCORE, VALUE
from pipelines.outreach.operations import database, rounds
from tests.pipelines.outreach.operations.test_rounds import ROUND, assignments

SAYS = {"en": "left the region", "zh": "离开该地区"}


@pytest.mark.parametrize("name", [*OF_THE_MODEL, VALUE, "words complaint 30d"])
def test_a_feature_named_like_ours_is_no_column_of_rules(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_words = name.startswith("words ")
    rule = grammar.read({"words": "complaint", "days": 30} if is_words else {"feature": name, "missing": False})
    monkeypatch.setattr(columns, "built", lambda _: {name: columns.KnownColumn("number"), "tenure": None})
    (told,) = columns.ambiguous(Path(), [rule])
    assert f"'{name}' is a feature and also what rules call" in told
    assert not columns.ambiguous(Path(), [grammar.read({"feature": "tenure", "missing": True})])
    if not is_words:
        assert columns.ambiguous(Path(), [], name)  # a route by it


def file_by(column: str) -> AlertFile:
    route = {"by": column, "owners": {"1": "one", "None": "nobody", "nan": "nobody"}, "default": "others"}
    rule = {"says": SAYS, "when": {"feature": "tenure", "below": 5}, "route": "desk"}
    return AlertFile.model_validate({"title": "t", "routes": {"desk": route}, "rules": {"r": rule}})


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (pd.Series(["1", "2", None], dtype=object), ["one", "others", "others"]),
        (pd.Series([1, 2, 3]), ["one", "others", "others"]),
        (pd.Series([1, np.nan, 2]), ["one", "others", "others"]),  # one that is missing makes all of them floats
    ],
)
def test_owners_by_a_category_whatever_type_its_column_has(found: pd.Series, told: list[str]) -> None:
    file = file_by("region")
    assert alert_run.owners(file, file.rules["r"], pd.DataFrame({"region": found})) == told


def test_a_route_by_what_the_champion_says_has_its_default_where_there_is_no_champion() -> None:
    file = file_by(LEVEL)
    assert alert_run.owners(file, file.rules["r"], pd.DataFrame({"tenure": [1, 2]})) == ["others", "others"]


def test_the_change_of_a_score_is_since_the_last_round_before_the_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    engine = database.opened(tmp_path)
    rounds.written(engine, ROUND, assignments(), rest_days=0)
    today = replace(ROUND, as_of=date(2026, 4, 1), window_closes_at=date(2026, 7, 1))
    rounds.written(engine, today, assignments().assign(risk=0.5, proposed="none", withheld=False), rest_days=0)
    rows, score = pd.DataFrame({"customer_id": ["c0", "c1", "new"]}), np.full(3, 0.5)
    spec: Any = SimpleNamespace(name="demo")
    # The round of the day itself is not the last one: else nobody's score would ever have changed.
    for on, change in ((date(2026, 4, 1), [-0.2, -0.1]), (date(2026, 4, 2), [0, 0]), (date(2026, 1, 1), [np.nan] * 2)):
        found = champion_scores.since_last(rows, score, engine, spec, on=on)
        np.testing.assert_allclose(found, [*change, np.nan])
    assert np.isnan(champion_scores.since_last(rows, score, None, spec, on=date(2026, 4, 1))).all()


def test_a_list_of_nobody_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / matrices.SCORE).mkdir()
    table = pa.table({"customer_id": pa.array([], pa.string()), SCORE: pa.array([], pa.float64())})
    pq.write_table(table, tmp_path / matrices.SCORE / "as_of=2026-01-01.parquet")
    with pytest.raises(DataError, match="no customer to score"):
        matrices.to_score(tmp_path)


@pytest.mark.parametrize("said", ["9999-12-31", "0001-01-01", "2190-01-01"])
def test_a_table_without_dates_has_no_list_of_another_age(said: str) -> None:
    spec: Any = SimpleNamespace(name="table", observations=None, clocks="UTC")
    workspace: Any = None
    with pytest.raises(UsageError, match="is not between 1970 and today"):
        command._date(spec, workspace, said)
    assert command._date(spec, workspace, "2026-01-31") == date(2026, 1, 31)

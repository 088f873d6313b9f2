"""The build as the work it does: what is made anew, what is kept, and that both come to the same bytes."""

import inspect
import io
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow.parquet as pq
import pytest

from experiments.spec import ExperimentSpec
from features import definitions, labels, sources
from features.catalog import by_theme, features_for
from features.definitions import tone
from features.errors import DataError, HoldfastError
from features.matrix import placed, snapshot, spread
from features.plugins import plugin
from features.source import Part, Source
from features.tables import CANONICAL
from pipelines.files import storage
from pipelines.matrix import dated, duckdb_engine, matrices
from pipelines.stages import build
from pipelines.workspace import Workspace
from tests.specs import REQUIRED
from tests.strangers import plugged

MONTHS, DATES = 8, 3
THEMES = len(by_theme(features_for((), CANONICAL, look_back_days=90)))
SIMULATED = plugin(sources, "simulated", Source)
SPEC: dict[str, Any] = {
    **REQUIRED,
    "name": "small",
    "title": "A small world",
    "source": {"kind": "simulated", "customers": 150},
    "label": {"kind": "cancelled", "lead_time_days": 14, "horizon_days": 30},
    "observations": {"first": "2024-05-01", "every_months": 1, "look_back_days": 90},
    "treatment": {"arms": {"call": {}, "coupon": {}, "upgrade": {}}},
    "value": {"column": "price"},
    "split": {"kind": "time", "folds": 2},
}


def ingested(workspace: Workspace, months: int) -> None:
    """The tables of so many months of the world, as the ingest stage leaves them."""
    options = SIMULATED.options(kind="simulated", customers=150, months=months)
    for part in SIMULATED.read(None, options):  # type: ignore[arg-type] - a world needs no files
        assert isinstance(part, Part)
        storage.write_parquet(workspace.tables / part.table / f"{part.name}.parquet", part.rows)
    storage.write_json(workspace.tables / "about.json", {"extracted_at": SIMULATED.extracted_at(options)})


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    """A world that was built once, and what the stage told."""
    made, told = Workspace(tmp_path_factory.mktemp("first"), "small"), io.StringIO()
    ingested(made, MONTHS)
    with redirect_stderr(told):
        build.write(ExperimentSpec.model_validate(SPEC), made, must_be_enough=False)
    return made, told.getvalue()


@pytest.fixture
def workspace(first: tuple[Workspace, str], tmp_path: Path) -> Workspace:
    """A copy of it."""
    shutil.copytree(first[0].root, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path, "small")


def built(workspace: Workspace, told: Callable[[], str], **changes: Any) -> tuple[int, int]:
    """Build, and say how many partitions were made and how many were kept."""
    build.write(ExperimentSpec.model_validate({**SPEC, **changes}), workspace, must_be_enough=False)
    return counts(told())


def counts(told: str) -> tuple[int, int]:
    """How many partitions were made and how many were kept, by the stage's own last line."""
    words = told.strip().splitlines()[-1].replace(",", "").split()
    return int(words[words.index("partitions_built") + 1]), int(words[words.index("partitions_kept") + 1])


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capsys.readouterr().err


def hashes(workspace: Workspace) -> dict[str, str]:
    """The hash of every partition of a theme, and of the rows of each date."""
    files = [*workspace.matrix.glob("themes/*/*.parquet"), *workspace.matrix.glob("learn/*.parquet")]
    return {str(file.relative_to(workspace.matrix)): storage.digest(file) for file in files}


def test_nothing_is_built_twice_and_a_new_month_builds_that_month_only(
    first: tuple[Workspace, str], workspace: Workspace, told: Callable[[], str]
) -> None:
    """Eight months hold three mature dates and one to score; the frozen partitions belong to the gate's date."""
    frozen = len(dated.FROZEN_DAYS)
    assert counts(first[1]) == ((DATES + 1) * THEMES + frozen, 0)
    assert built(workspace, told) == (0, (DATES + 1) * THEMES + frozen)
    before = hashes(workspace)
    ingested(workspace, MONTHS + 1)
    made, kept = built(workspace, told)
    # New are the date that is now scored and the one that is now mature; the gate's date has moved on to that one.
    assert (made, kept) == (2 * THEMES + frozen, DATES * THEMES)
    after = hashes(workspace)
    still = [name for name in before if name in after]
    assert len(still) == DATES * (THEMES + 1)
    assert all(after[name] == before[name] for name in still)


def test_what_is_kept_equals_what_would_be_built(workspace: Workspace, told: Callable[[], str]) -> None:
    """More months, late rows and corrections among them, change no earlier partition by a bit."""
    before = hashes(workspace)
    ingested(workspace, MONTHS + 2)
    workspace.partitions.unlink()
    made, kept = built(workspace, told)
    assert (made > 0, kept) == (True, 0)
    after = hashes(workspace)
    earlier = [name for name in before if name in after and name.startswith("themes")]
    assert len(earlier) == (DATES + 1) * THEMES
    assert all(after[name] == before[name] for name in earlier)


def test_a_changed_theme_rebuilds_that_theme_only(
    workspace: Workspace, told: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = inspect.getsource

    def edited(module: Any) -> str:
        return source(module) + ("\n# edited" if module is tone else "")

    monkeypatch.setattr(dated.inspect, "getsource", edited)
    made, kept = built(workspace, told)
    assert made == DATES + 1 + len(dated.FROZEN_DAYS)
    assert kept == (DATES + 1) * (THEMES - 1)


def test_what_is_frozen_is_what_was_known_so_many_days_before_the_horizon_opens(workspace: Workspace) -> None:
    """Of the customers observed at the gate's date, by a look at the tables of its own; 14 days are the lead time."""
    date = matrices.dates(workspace.matrix, matrices.LEARN)[-1]
    as_of = datetime.fromisoformat(date.removeprefix("as_of="))
    features = {one.column.name: one for one in features_for((), CANONICAL, look_back_days=90)}
    assert "spend_90d" in features
    assert "spend_180d" not in features
    with duckdb_engine.opened(workspace.tables, CANONICAL) as opened:
        now = opened.history(as_of, look_back_days=90)
        customers = opened.kept(
            "observed", placed(now.contracts.filter(now.running()).select("customer_id").distinct())
        )
        size = opened.size(customers)
        for days in dated.FROZEN_DAYS:
            then = opened.history(as_of + timedelta(days=14 - days), look_back_days=90)
            parts = snapshot(then, list(features.values()), customers)
            expected = matrices.beside([spread(opened.rows(one), size, features) for one in parts])
            found = pq.read_table(workspace.matrix / matrices.FROZEN / f"days={days}" / f"{date}.parquet")
            assert set(found.column_names) == set(features)
            assert found.equals(expected.select(found.column_names)), days


@pytest.mark.parametrize("cores", ["1", "5"])
def test_any_number_of_cores_makes_the_same_partitions(
    workspace: Workspace, told: Callable[[], str], monkeypatch: pytest.MonkeyPatch, cores: str
) -> None:
    """One date after the other, or two at a time on several threads."""
    before = hashes(workspace)
    workspace.partitions.unlink()
    monkeypatch.setenv("HOLDFAST_CORES", cores)
    assert built(workspace, told)[1] == 0
    assert hashes(workspace) == before


def test_an_error_in_one_date_stops_the_other_and_leaves_the_last_build(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The date to score goes wrong while another is at a query that would never end."""
    before = hashes(workspace)
    workspace.partitions.unlink()
    end = datetime.fromisoformat(storage.read_json(workspace.tables / "about.json")["extracted_at"])
    begun = Event()

    def failing(self: duckdb_engine.Engine, *_features: Any, as_of: datetime, **_options: Any) -> Any:
        if as_of == end:
            begun.wait()
            raise DataError("the date to score is broken")
        begun.set()
        self.connection.con.sql("SELECT count(*) FROM range(1_000_000_000_000) WHERE range % 7 = 1").fetchall()

    monkeypatch.setenv("HOLDFAST_CORES", "2")
    monkeypatch.setattr(duckdb_engine.Engine, "snapshot", failing)
    with pytest.raises(DataError, match="the date to score"):
        build.write(ExperimentSpec.model_validate(SPEC), workspace, must_be_enough=False)
    assert hashes(workspace) == before


def test_a_partition_that_somebody_touched_is_built_again(workspace: Workspace, told: Callable[[], str]) -> None:
    before = hashes(workspace)
    broken = next(workspace.matrix.glob("themes/tone/*.parquet"))
    broken.unlink()
    broken.write_bytes(b"no Parquet")
    assert built(workspace, told)[0] == 1
    assert hashes(workspace) == before


def test_another_look_back_is_another_matrix(workspace: Workspace, told: Callable[[], str]) -> None:
    _, kept = built(workspace, told, observations={**SPEC["observations"], "look_back_days": 60})
    assert kept == 0


def test_the_rows_of_a_date_stand_beside_their_features(workspace: Workspace) -> None:
    rows = matrices.read(workspace.matrix, matrices.LEARN).to_pandas()
    assert rows[["customer_id", "as_of"]].duplicated().sum() == 0
    assert (rows["value"] == rows["price"].fillna(0)).all()
    assert set(matrices.names(workspace.matrix, matrices.LEARN)) == set(rows)
    some = matrices.read(workspace.matrix, matrices.LEARN, ["price", "churned"]).to_pandas()
    assert set(some) == {"price", "churned"}
    assert some["price"].equals(rows["price"])


def test_too_few_dates_for_the_folds_are_said_before_any_is_built(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(*_: Any, **__: Any) -> None:
        raise AssertionError("a date was begun")

    monkeypatch.setattr(dated, "dated", begun)
    with pytest.raises(
        DataError, match="3 mature observation dates are too few: 2 folds and a gate cohort of 1 need at"
    ):
        build.run(ExperimentSpec.model_validate(SPEC), workspace)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ({"kind": "cancelled", "horizon_days": 300}, "no observation is mature"),
        ({"kind": "inactive", "event": "paymint", "active_days": 60}, "'inactive' observes nobody"),
    ],
)
def test_nothing_to_learn_from_is_told_by_its_reason(workspace: Workspace, label: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        build.write(ExperimentSpec.model_validate({**SPEC, "label": label}), workspace, must_be_enough=False)


A_LABEL = """
from features.label import Dated, Label
from features.labels import cancelled

def observed(history, window, options):
    return {observed}

def happened_at(today, window, options):
    return {happened}

LABEL = Label("lapsed", "a label of a stranger", Dated(observed, happened_at))
"""
OBSERVED = "cancelled.observed(history, window, options)"
HAPPENED = "cancelled.happened_at(today, window, options)"


@pytest.mark.parametrize(
    ("observed", "happened", "told"),
    [
        ('history.transactions.select("customer_id")', HAPPENED, "rows a second time at 2024-.*such as customer 'C"),
        (OBSERVED, f"{HAPPENED}.union({HAPPENED})", "`happened_at` gives .*, such as of customer 'C"),
        (OBSERVED, f'{HAPPENED}.rename(left="happened_at")', "`happened_at` gives customer_id .*, left "),
    ],
    ids=["without distinct", "who left twice", "a wrong column"],
)
def test_a_label_that_gives_the_wrong_rows_builds_none(
    workspace: Workspace, tmp_path: Path, observed: str, happened: str, told: str
) -> None:
    asked = ExperimentSpec.model_validate({**SPEC, "label": {**SPEC["label"], "kind": "lapsed"}})
    text = A_LABEL.format(observed=observed, happened=happened)
    before = sorted(path for path in workspace.matrix.rglob("*"))
    with (
        plugged(labels, tmp_path / "labels", lapsed=text),
        pytest.raises(DataError, match=f"label 'lapsed' in features/labels/lapsed.py: .*{told}"),
    ):
        build.write(asked, workspace, must_be_enough=False)
    assert sorted(path for path in workspace.matrix.rglob("*")) == before


def test_a_label_of_a_stranger_builds_what_the_same_label_of_ours_does(workspace: Workspace, tmp_path: Path) -> None:
    before = matrices.read(workspace.matrix, matrices.LEARN, ["customer_id", "churned"])
    asked = ExperimentSpec.model_validate({**SPEC, "label": {**SPEC["label"], "kind": "lapsed"}})
    with plugged(labels, tmp_path / "labels", lapsed=A_LABEL.format(observed=OBSERVED, happened=HAPPENED)):
        build.write(asked, workspace, must_be_enough=False)
    assert matrices.read(workspace.matrix, matrices.LEARN, ["customer_id", "churned"]).equals(before)


A_FEATURE = """
from features.feature import feature

@feature(table="transactions", unit="count")
def broken(history):
    'Breaks.'
    return {}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            A_FEATURE.format("history.transactions.amuont.sum()"),
            "feature 'broken' in features/definitions/mine.py: Attr",
        ),
        (A_FEATURE.format("history.transactions.count("), "features.definitions.mine in .*mine.py cannot be imported"),
        (
            "from features.feature import futures",
            "mine.py cannot be imported: ImportError: cannot import name 'futures'",
        ),
        (A_FEATURE.replace("'Breaks.'", ""), "cannot be imported: SchemaError: feature 'broken' needs a docstring"),
    ],
    ids=["a column that there is not", "no Python", "an import", "no docstring"],
)
def test_a_feature_that_cannot_be_made_is_named_with_its_file(
    workspace: Workspace, tmp_path: Path, text: str, told: str
) -> None:
    with plugged(definitions, tmp_path / "definitions", mine=text), pytest.raises(HoldfastError, match=told):
        build.write(ExperimentSpec.model_validate(SPEC), workspace, must_be_enough=False)

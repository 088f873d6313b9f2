"""A column may be called like one of ours: it is itself, or refused with the line to write instead; never ours."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from features import catalog, reserved
from features.errors import HoldfastError, SpecError
from features.feature import Feature, FeatureColumn, FeatureDefinition
from pipelines.files import storage
from pipelines.matrix import enough, matrices
from pipelines.specs import spec_files
from pipelines.stages import build, ingest, validate
from pipelines.validation import expectations
from pipelines.workspace import Workspace
from tests.specs import REQUIRED

ARMS = ("call",)
OURS = [*reserved.names_for(ARMS), "__helper", "x__unreadable"]
CASES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "mixed": str.title}
SIZE = 200
# What the file says: nobody's figures are those of any column of ours.
ROWS = pd.DataFrame(
    {
        "key": [f"c{n}" for n in range(SIZE)],
        "size": [float(7 * n % 31) for n in range(SIZE)],
        "left": ["yes" if n % 3 == 0 else "no" for n in range(SIZE)],
        "group": ["phoned" if n % 2 else "nothing" for n in range(SIZE)],
    }
)


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the page for people, validation takes a third of the time."""
    monkeypatch.setattr(expectations, "data_docs", lambda *_, **__: "")


def spec_of(*, key: str, size: str, left: str, group: str) -> dict[str, Any]:
    """A spec of a trial whose four columns are called so in file and spec."""
    columns = {
        size: {"type": "number", "minimum": 0},
        left: {"type": "category", "values": ["yes", "no"], "role": "label"},
    }
    treatment = {"column": group, "control": "nothing", "arms": {"call": "phoned"}}
    return {
        **REQUIRED,
        "title": "Names",
        "source": {"kind": "table", "file": "names.csv", "key": key, "columns": columns, "treatment": treatment},
        "label": {"kind": "column", "column": left, "churned": "yes", "retained": "no"},
        "treatment": {"arms": {"call": {}}},
        "value": {"column": size, "constant": 2.0},
        "split": {"kind": "random", "gate_share": 0.4, "folds": 2},
    }


def built(root: Path, plain: dict[str, Any], file: dict[str, str]) -> pd.DataFrame:
    """The rows to learn from, where ROWS stand in a file under these names."""
    workspace = Workspace(root, "names")
    workspace.spec_file.parent.mkdir(parents=True, exist_ok=True)
    workspace.spec_file.write_text(yaml.safe_dump(plain, sort_keys=False))
    workspace.raw.mkdir(parents=True, exist_ok=True)
    ROWS.rename(columns=file).to_csv(workspace.raw / "names.csv", index=False)
    spec = spec_files.load(workspace)
    for stage in (ingest, validate, build):
        stage.run(spec, workspace)
    return matrices.read(workspace.matrix, matrices.LEARN).to_pandas()


def is_right(rows: pd.DataFrame, size: str) -> bool:
    """Whether each column holds what the file says, under the name of the spec or under ours."""
    as_declared = {
        "customer_id": ROWS["key"],
        size: ROWS["size"],
        "churned": (ROWS["left"] == "yes").astype(float),
        "arm": ROWS["group"].map({"phoned": "call", "nothing": "control"}),
        "value": 2.0 * ROWS["size"],
        "probability": pd.Series(0.5, index=ROWS.index),
    }
    assert set(rows) == {*as_declared, "as_of"}
    return all((rows[name].to_numpy() == values.to_numpy()).all() for name, values in as_declared.items())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", OURS)
def test_a_feature_that_is_called_like_ours_is_refused_with_the_line_that_goes_through(
    tmp_path: Path, name: str, case: str
) -> None:
    """As a feature, and as the one that says what a customer is worth."""
    called = CASES[case](name)
    names = {"key": "key", "size": called, "left": "left", "group": "group"}
    plain = spec_of(**names)
    with pytest.raises(SpecError) as caught:
        built(tmp_path, plain, names)
    said = str(caught.value)
    assert said.startswith(f"spec 'names': source.columns.{called}: ")
    line = said.split("write ", 1)[1].split(" instead, and ", 1)[0]
    columns = plain["source"]["columns"]
    if case != "mixed":
        return  # the same line but for its letters
    ((free, declared),) = yaml.safe_load("{" + line + "}").items()
    assert declared == {"column": called, **columns.pop(called)}
    plain["source"]["columns"] = {free: declared, **columns}
    plain["value"]["column"] = free
    assert is_right(built(tmp_path, plain, names), free)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("place", range(len(OURS)))
def test_a_label_a_key_and_an_arm_of_such_a_name_are_themselves(tmp_path: Path, place: int, case: str) -> None:
    """Each name in each of the three places; as a label it is refused where the table has such a column of ours."""
    called = [CASES[case](OURS[(place + turn) % len(OURS)]) for turn in range(3)]
    names = {"left": called[0], "key": called[1], "group": called[2], "size": "size"}
    taken = reserved.why_taken(called[0], reserved.OF_THE_TABLE)
    if taken:
        with pytest.raises(SpecError, match=f"source.columns.{called[0]}: {taken}"):
            built(tmp_path, spec_of(**names), names)
        names["left"] = "left"
    assert is_right(built(tmp_path, spec_of(**names), names), "size")


def own_columns(workspace: Workspace) -> Iterator[str]:
    """Every column that stages write beside the user's own, wherever it lies."""
    for path in [*workspace.tables.rglob("*.parquet"), *workspace.matrix.rglob("*.parquet")]:
        yield from pq.read_schema(path).names


def test_the_list_of_our_names_is_whole(tmp_path: Path) -> None:
    """Whatever stages write under a name that the spec does not give is on the list."""
    names = {"key": "key", "size": "size", "left": "left", "group": "group"}
    plain = spec_of(**names)
    strata = {"column": "group", "shares": {"phoned": {"call": 1.0}, "nothing": {"control": 1.0}}}
    plain["source"]["treatment"]["strata"] = strata
    built(tmp_path, plain, names)
    found = set(own_columns(Workspace(tmp_path, "names")))
    assert {"customer_id", "churned", "stratum", "value", "as_of"} <= found
    assert found - {"size", "left"} <= set(reserved.names_for(ARMS))


def test_two_columns_that_differ_by_capital_letters_are_told_apart_once_one_has_another_name(tmp_path: Path) -> None:
    names = {"key": "key", "size": "Size", "left": "left", "group": "size"}
    plain = spec_of(**names)
    assert is_right(built(tmp_path, plain, names), "Size")  # the arm is no column of the spec: nothing meets
    columns = plain["source"]["columns"]
    columns["size"] = {"type": "category"}
    with pytest.raises(
        SpecError, match=r"source\.columns\.size: 'size' and 'Size' differ by capital letters only; keep"
    ):
        built(tmp_path, plain, names)
    columns["own_size"] = {**columns.pop("size"), "column": "size"}
    rows = built(tmp_path, plain, names)
    assert (rows["own_size"] == ROWS["group"]).all()
    assert (rows["Size"] == ROWS["size"]).all()


def test_columns_that_no_spec_names_may_be_called_anything(tmp_path: Path) -> None:
    """Parquet and CSV; the file holds two of each name of ours, in small letters and in capital ones."""
    names = {"key": "key", "size": "size", "left": "left", "group": "group"}
    workspace = Workspace(tmp_path, "names")
    plain = spec_of(**names)
    built(tmp_path, plain, names)
    spec = spec_files.load(workspace)
    more = ROWS.assign(**{case(name): "nonsense" for name in OURS for case in (str.lower, str.upper)})
    more.to_csv(workspace.raw / "names.csv", index=False)
    for stage in (ingest, validate, build):
        stage.run(spec, workspace)
    assert is_right(matrices.read(workspace.matrix, matrices.LEARN).to_pandas(), "size")
    plain["source"]["file"] = "names.parquet"
    workspace.spec_file.write_text(yaml.safe_dump(plain))
    more.to_parquet(workspace.raw / "names.parquet")
    ingest.run(spec_files.load(workspace), workspace)
    assert storage.read_parquet(workspace.tables / "customers")["size"].to_pylist() == ROWS["size"].tolist()


@pytest.mark.parametrize("arm", ["control", "None", "not measured", "a/b", "../call", ""])
def test_an_action_is_not_called_like_what_the_list_says_where_there_is_none(tmp_path: Path, arm: str) -> None:
    names = {"key": "key", "size": "size", "left": "left", "group": "group"}
    plain = spec_of(**names)
    plain["source"]["treatment"]["arms"] = {arm: "phoned"}
    plain["treatment"]["arms"] = {arm: {}}
    with pytest.raises(SpecError, match=r"treatment\.arms"):
        built(tmp_path, plain, names)


@pytest.mark.parametrize("name", ["churned", "VALUE", "row", "price_two"])
def test_a_plug_in_feature_of_such_a_name_is_refused_where_features_are_found(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """price_two twice, once in capital letters."""
    two = [name, name.upper()] if name == "price_two" else [name]
    features = [Feature(FeatureColumn(one, "a price"), "contracts", "prices", lambda h: h, None) for one in two]
    planted = {"prices": FeatureDefinition("prices", tuple(features))}
    monkeypatch.setattr(catalog, "discover", lambda *_: planted)
    with pytest.raises(HoldfastError, match=f"feature '{two[-1]}' in features/definitions/prices.py"):
        catalog.all_features()


def test_a_slice_of_each_value_of_a_number_is_refused_before_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """31 values are slices; a limit of 30 says which key to change."""
    names = {"key": "key", "size": "size", "left": "left", "group": "group"}
    plain = {**spec_of(**names), "evaluation": {"slices": {"sizes": {"column": "size"}}}}
    assert is_right(built(tmp_path, plain, names), "size")
    monkeypatch.setattr(enough, "MOST_SLICES", 30)
    with pytest.raises(SpecError, match=r"slices\.sizes: 'size' has 31 values"):
        built(tmp_path, plain, names)

"""The scorer of a portable model: the same bits whatever the batch, the threads and the sender's types."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments import families
from experiments.family import Family
from experiments.statistics.calibration import Calibration
from experiments.uplift.fitted_learner import FittedLearner, Term
from features.contract import Contract
from features.plugins import discover
from features.sources.table import SOURCE as TABLE
from pipelines.champion import identity
from pipelines.matrix import undated
from pipelines.models import portable
from pipelines.specs import spec_files
from pipelines.workspace import Workspace

FAMILIES = discover(families, Family)
FAMILY_NAMES = ("lightgbm", "logistic", "prior")
LEARNT = np.arange(1400)
OF_ALL_KINDS = Path(__file__).parents[2] / "workspace_before" / "scorer_of_all_kinds.txt"


def write(folder: Path, name: str, X: np.ndarray, y: np.ndarray, contract: Contract) -> Path:
    family = FAMILIES[name]
    prepared = family.prepare(X, y, contract)
    params = {**family.starting_points[0], "rounds": 60}
    models = {
        arm: family.fit(prepared, LEARNT, params=params, seed=seed) for seed, arm in enumerate(("control", "call"))
    }
    terms = {"call": (Term(1.0, ("control",)), Term(-1.0, ("call",)))}
    learner = FittedLearner(models, terms, {"control": Calibration(0.9, 0.1), "call": Calibration(1.1, -0.2)})
    portable.write(folder, learner, contract=contract, typical={"usage": 0.0, "noise": 0.1})
    return folder


@pytest.fixture(scope="module")
def folder(tiny_world, contract: Contract, tmp_path_factory) -> Path:
    made: Path = tmp_path_factory.mktemp("models")
    for name in FAMILY_NAMES:
        write(made / name, name, *tiny_world, contract)
    return made


@pytest.fixture(scope="module")
def scorers(folder: Path) -> dict[str, Any]:
    return {name: portable.scorer(folder / name) for name in FAMILY_NAMES}


@pytest.fixture(scope="module")
def rows(tiny_world) -> pd.DataFrame:
    """3,000 rows: more than are asked at once."""
    X = np.vstack([tiny_world[0], tiny_world[0][:1000] * 1.1])
    plans = np.array(["basic", "plus", None, "never seen"], dtype=object)[np.arange(len(X)) % 4]
    return pd.DataFrame({"usage": X[:, 0], "noise": X[:, 1], "plan": plans})


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_batches_and_threads_change_no_bit(scorers, rows: pd.DataFrame, name: str, monkeypatch) -> None:
    scorer = scorers[name]
    whole = scorer.score(rows, reasons=2)
    for size in (1, 2, 63, 64, 1023, 1024, 1025, 2048):
        parts = rows.iloc[5 : 5 + size]
        assert scorer.score(parts, reasons=2).equals(whole.iloc[5 : 5 + size]), size
    settings = type(scorer).score.__globals__
    for threads, each, at_once in ((1, 1024, 700), (3, 10, 10**6), (8, 1, 7)):
        for setting, value in (("THREADS", threads), ("ROWS_EACH", each), ("ROWS_AT_ONCE", at_once)):
            monkeypatch.setitem(settings, setting, value)
        assert scorer.score(rows, reasons=2).equals(whole)


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_scorers_that_held_all_kinds_of_models_said_the_same(
    scorers, rows: pd.DataFrame, folder: Path, contract: Contract, name: str
) -> None:
    before: dict[str, Any] = {"__name__": "scorer"}
    exec(compile(OF_ALL_KINDS.read_text(), "scorer.py", "exec"), before)  # noqa: S102 - it is ours
    old = before["Scorer"](folder / name)
    for asked in (rows, identity.random_rows(contract)):
        with np.errstate(over="ignore"):  # far outside
            # Of reasons, those of boosters were told by the first of them alone.
            assert identity.same(old.score, scorers[name].score, asked, reasons=0 if name == "lightgbm" else 3)


def test_many_at_once_get_what_one_gets(scorers, rows: pd.DataFrame) -> None:
    scorer = scorers["lightgbm"]
    whole = scorer.score(rows, reasons=3)
    asked = [slice(start, start + size) for size in (1, 7, 200) for start in range(0, 2000, 250)] + [slice(0, 3000)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda part: scorer.score(rows.iloc[part], reasons=3), asked))
    assert all(one.equals(whole.iloc[part]) for one, part in zip(found, asked, strict=True))


def test_boosters_say_what_they_say_with_two_threads(scorers, rows: pd.DataFrame) -> None:
    scorer = scorers["lightgbm"]
    X = scorer.reader.read(rows)
    total = np.zeros(len(X))
    for booster in scorer.models["control"].boosters:
        total = total + booster.predict(X, num_threads=2)
    assert np.array_equal(scorer.score(rows)["churn_score"], total / len(scorer.models["control"].boosters))
    explained = [one.predict(X, pred_contrib=True, num_threads=2) for one in scorer.models["control"].boosters]
    found = scorer.models["control"].contributions(X)[:, :-1]
    assert found == pytest.approx(np.mean(explained, axis=0)[:, :-1], abs=0.05)


def term_by_term(plain: dict[str, Any], X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of a linear model and its parts by column, one term after another."""
    total, parts, weights = np.full(len(X), plain["intercept"]), np.zeros(X.shape), iter(plain["coefficients"])
    for place, terms in enumerate(plain["terms"]):
        values = X[:, place]
        missing = np.isnan(values)
        if terms["n_categories"]:
            found = [(values == code).astype(float) for code in range(terms["n_categories"])]
        else:
            standard = (np.where(missing, terms["median"], values) - terms["median"]) / terms["scale"]
            found = [standard, *(np.maximum(standard - knot, 0.0) for knot in terms["knots"]), missing.astype(float)]
        for term in found:
            weight = next(weights)
            total, parts[:, place] = total + weight * term, parts[:, place] + weight * term
    baseline = np.full(len(X), plain["intercept"] + np.array(plain["centres"]).sum())
    return total, np.column_stack([parts - np.array(plain["centres"]), baseline])


def test_a_linear_model_is_the_sum_of_its_terms_in_their_order(scorers, rows: pd.DataFrame, folder: Path) -> None:
    model, X = scorers["logistic"].models["control"], scorers["logistic"].reader.read(rows)
    plain = json.loads((folder / "logistic" / "model.json").read_text())["models"]["control"]["plain"]
    total, parts = term_by_term(plain, X)
    assert np.array_equal(model.predict(X), 1.0 / (1.0 + np.exp(-total)))
    assert np.array_equal(model.contributions(X), parts)


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_no_rows_give_an_empty_table_with_all_columns(scorers, rows: pd.DataFrame, name: str) -> None:
    some, none = scorers[name].score(rows.head(3), reasons=2), scorers[name].score(rows.head(0), reasons=2)
    assert len(none) == 0
    assert none.dtypes.equals(some.dtypes)
    assert list(none) == ["churn_score", "churn_probability", "uplift_call", "reason_1", "reason_2"]
    assert list(scorers[name].score(rows.head(0))) == list(none)[:3]


@pytest.mark.parametrize("reasons", [-1, 1.5, 2.0, True, "3", None, np.nan], ids=repr)
def test_a_number_of_reasons_that_is_none_is_refused(scorers, rows: pd.DataFrame, reasons: Any) -> None:
    with pytest.raises(ValueError, match=r"reasons is how many to give: a whole number, 0 or more; it is "):
        scorers["prior"].score(rows, reasons=reasons)


def test_at_most_all_columns_are_reasons(scorers, rows: pd.DataFrame) -> None:
    assert [name for name in scorers["logistic"].score(rows.head(2), reasons=9) if name.startswith("reason")] == [
        "reason_1",
        "reason_2",
        "reason_3",
    ]


SENDERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "texts": lambda rows: rows.astype({"usage": "str", "noise": "str"}),
    "objects": lambda rows: rows.astype(object),
    "NA": lambda rows: rows.convert_dtypes(),
    "Arrow": lambda rows: rows.convert_dtypes(dtype_backend="pyarrow"),
    "categories": lambda rows: rows.astype({"plan": "category"}),
    "records": lambda rows: rows.to_dict("records"),
    "columns by name": lambda rows: rows.to_dict("list"),
    "turned": lambda rows: rows[["plan", "noise", "usage"]].assign(more="x"),
}


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("name", ["lightgbm", "logistic"])
def test_scores_and_reasons_are_the_same_from_every_sender(scorers, rows: pd.DataFrame, name: str, sender: str) -> None:
    some = rows.head(200)
    expected = scorers[name].score(some, reasons=3)
    said = set(expected[["reason_1", "reason_2", "reason_3"]].to_numpy().ravel())
    assert said >= {"", "The plan: basic", "The plan: not known", "The plan: never seen"}
    assert scorers[name].score(SENDERS[sender](some), reasons=3).equals(expected)


def test_a_plain_read_of_telco_is_scored_as_the_matrix_is(root: Path, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "telco" / "WA_Fn-UseC_-Telco-Customer-Churn.csv"
    if not path.exists():
        pytest.skip("the data sets are not there")
    spec = spec_files.load(Workspace(root, "telco"))
    contract = Contract(undated.columns(spec, TABLE.declare(TABLE.options(**spec.source))))
    texts = pd.read_csv(path, dtype=str, keep_default_na=False)
    trained = texts[contract.names].copy()
    for column in contract.columns:
        if column.type == "number":
            trained[column.name] = pd.to_numeric(trained[column.name].str.strip().replace("", np.nan))
    X, y = contract.encode(trained), (texts["Churn"] == "Yes").to_numpy(dtype=float)
    scorer = portable.scorer(write(tmp_path / "telco", "logistic", X, y, contract))
    plain = pd.read_csv(path)
    assert (plain["TotalCharges"] == " ").sum() == 11
    assert np.array_equal(scorer.reader.read(plain), X, equal_nan=True)
    assert scorer.score(plain).equals(scorer.score(trained))
    assert scorer.score(texts).equals(scorer.score(trained))
    assert scorer.score(pd.read_csv(path, dtype_backend="pyarrow")).equals(scorer.score(trained))

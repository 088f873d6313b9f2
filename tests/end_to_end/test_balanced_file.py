"""A file that was balanced by its outcome, with the true share in the spec: a whole run, and the same without it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from pipelines.api import holdfast
from pipelines.api.reports import Report
from tests.end_to_end.repository import Repository
from tests.end_to_end.small_table import SHOP

PRIOR = 0.04


def made(repository: Repository) -> tuple[dict[str, Any], pd.DataFrame]:
    """The shop's report and list."""
    artifacts = repository.root / "artifacts" / "shop"
    report = json.loads((artifacts / "evaluation" / "report.json").read_text())
    return report, pd.read_parquet(artifacts / "ranked_list" / "ranked_list.parquet")


def test_a_stated_share_corrects_list_and_report_and_leaves_order_and_auc(shop_with_champion: Repository) -> None:
    repository = shop_with_champion
    plain, before = made(repository)
    assert "balanced_file" not in plain
    spec = {**SHOP, "label": {**SHOP["label"], "prior": PRIOR}}
    (repository.root / "experiments" / "specs" / "shop.yaml").write_text(yaml.safe_dump(spec))
    ended = repository.run("run", "shop")
    assert ended.returncode in (0, 3, 4), ended.stdout + ended.stderr
    found, _ = made(repository)
    share = float((pd.read_csv(repository.root / "data/raw/shop/shop.csv")["left"] == "yes").mean())
    balanced = found["balanced_file"]
    np.testing.assert_allclose([balanced["in_file"], balanced["stated"]], [share, PRIOR], rtol=1e-7)
    assert found["risk"]["auc"] == plain["risk"]["auc"]
    assert balanced["risk"]["auc"]["value"] == plain["risk"]["auc"]["value"]
    for name in ("brier", "log_loss", "calibration_error", "lift", "expected_profit"):
        np.testing.assert_allclose(balanced["risk"][name]["value"], plain["risk"][name]["value"], atol=2e-6)
    assert found["risk"]["brier"]["value"] < plain["risk"]["brier"]["value"] / 2
    assert abs(found["cohort"]["churned_share"] - PRIOR) < 0.005
    # The same order cannot be shown to rank better: a person has to say that the prior is stated now.
    decision = json.loads((repository.root / "artifacts" / "shop" / "decision.json").read_text())
    assert decision["champion_version"] == "1"
    assert decision["cohort"]["stated"] == PRIOR
    assert repository.act("promote", "shop", "--force", "--reason", "label.prior is stated now").returncode == 0
    assert repository.act("score", "shop").returncode == 0
    _, after = made(repository)
    assert after["customer_id"].tolist() == before["customer_id"].tolist()
    odds = [one["churn_probability"] / (1 - one["churn_probability"]) for one in (after, before)]
    np.testing.assert_allclose(odds[0] / odds[1], PRIOR / (1 - PRIOR) * (1 - share) / share, rtol=3e-6)
    _api_says_both(repository, found, share=share, listed=after)
    page = (repository.root / "artifacts" / "shop" / "evaluation" / "report.html").read_text()
    assert "The file was balanced" in page


def _api_says_both(repository: Repository, found: dict[str, Any], *, share: float, listed: pd.DataFrame) -> None:
    """In a notebook, too, probabilities and figures are of all customers, and both shares are said."""
    project = holdfast.open("shop", project=repository.root)
    said = project.champion.score(project.customers).assign(customer_id=project.customers["customer_id"])
    both = listed.merge(said, on="customer_id", suffixes=("_listed", ""))
    np.testing.assert_array_equal(both["churn_probability"], both["churn_probability_listed"])
    report, model = project.report, project.fit()
    np.testing.assert_allclose([report.shares["in_file"], report.shares["stated"]], [share, PRIOR], rtol=1e-7)
    for name in ("auc", "brier", "lift"):
        assert report.figures.loc[name, "value"] == found["risk"][name]["value"]
        assert report.figures_in_file.loc[name, "value"] == found["balanced_file"]["risk"][name]["value"]
    assert report.figures_in_file.loc["brier", "value"] > 2 * report.figures.loc["brier", "value"]
    # The search's best is the challenger, which is corrected as the champion is now.
    mine = model.score(project.customers)["churn_probability"]
    np.testing.assert_allclose(mine, said["churn_probability"], rtol=1e-12)
    left = project.rows["churned"].to_numpy() == 1
    of_all = np.where(left, PRIOR / share, (1 - PRIOR) / (1 - share))  # customers that each row stands for
    mean = np.average(model.score(project.features)["churn_probability"], weights=of_all)
    assert abs(mean - PRIOR) < 0.005
    # By cross-validation the figures are of all customers as well: the gate cohort's lie within a few errors of them.
    crossed = project.evaluate(model).loc["brier"]
    assert abs(crossed["value"] - found["risk"]["brier"]["value"]) < 0.02
    for one in (report, model):
        for text in (repr(one), one._repr_html_()):
            assert f"{100 * share:.3g} % of its rows left, 4 % of all customers do (label.prior)" in text


def test_a_file_that_was_not_balanced_has_one_share_only(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(
        json.dumps({"risk": {}, "uplift": {"measured": False, "actions": {}}, "policy": None})
    )
    report = Report(tmp_path / "report.html")
    assert report.shares == {}
    assert report.figures_in_file.empty
    assert list(report.figures_in_file) == list(report.figures)
    assert "balanced" not in repr(report)

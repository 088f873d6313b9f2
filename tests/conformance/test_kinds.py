"""What every kind of model must do, whatever it is: become part of a scorer that needs nothing but what it says."""

import ast
import importlib.metadata
import sys
from pathlib import Path

import numpy as np
import pytest

from features.plugins import names
from pipelines.models import scorer_text
from pipelines.models.scorer_text import LIBRARIES, ScorerPart
from pipelines.models.scorers import kinds
from tests.stranger_xgboost.installed import KIND_TEXT
from tests.strangers import plugged

KINDS = names(kinds)
SCORERS = Path(*kinds.__path__).parent
every_kind = pytest.mark.parametrize("kind", KINDS)
# What came before belongs to the kinds; none of them may stand in a file of all models.
SHARED = ("cells", "reading", "models", "outcome_models")


def scorer(*used: str) -> dict[str, object]:
    """The names of a scorer of models of these kinds, run as it is here."""
    space: dict[str, object] = {"__name__": "scorer"}
    exec(compile(scorer_text.text(used), "scorer.py", "exec"), space)  # noqa: S102 - it is ours
    return space


@every_kind
def test_a_scorer_of_one_kind_knows_it_and_those_that_it_goes_on_from(kind: str) -> None:
    needed = ScorerPart(SCORERS / "kinds" / f"{kind}.py").builds_on
    known = scorer(kind)["KINDS"]
    assert isinstance(known, dict)
    assert set(known) == {kind, *needed}


def test_all_kinds_fit_into_one_scorer() -> None:
    known = scorer(*KINDS)["KINDS"]
    assert isinstance(known, dict)
    assert sorted(known) == KINDS


@every_kind
def test_a_kind_says_which_packages_it_imports(kind: str) -> None:
    distributions = importlib.metadata.packages_distributions()
    tree = ast.parse(scorer_text.text([kind]))
    whence = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    whence |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported = {name.split(".")[0] for name in whence} - sys.stdlib_module_names
    said = {line.split("==")[0] for line in scorer_text.requirements([kind])}
    assert imported >= {*LIBRARIES}
    assert {name for one in imported for name in distributions[one]} >= said
    assert not [one for one in imported if not said & set(distributions[one])]


@every_kind
def test_requirements_are_pinned_as_they_are_installed(kind: str) -> None:
    for line in scorer_text.requirements([kind]):
        name, _, version = line.partition("==")
        assert importlib.metadata.version(name) == version


def test_only_boosters_require_lightgbm() -> None:
    for used in (["logistic"], ["linear", "logistic"], ["prior"]):
        assert "lightgbm" not in scorer_text.text(used).lower()
        assert not [line for line in scorer_text.requirements(used) if line.startswith("lightgbm")]
    assert [line.split("==")[0] for line in scorer_text.requirements(["lightgbm", "prior"])] == [*LIBRARIES, "lightgbm"]


def test_files_of_all_models_name_no_kind() -> None:
    for name in SHARED:
        nodes = ast.walk(ast.parse((SCORERS / f"{name}.py").read_text()))
        constants = {node.value for node in nodes if isinstance(node, ast.Constant)}
        assert not constants & set(KINDS), name


@every_kind
def test_a_new_kind_changes_no_scorer_of_another(kind: str, tmp_path: Path) -> None:
    before, required = scorer_text.text([kind]), scorer_text.requirements([kind])
    with plugged(kinds, tmp_path, xgboost=KIND_TEXT, aaa='KINDS["aaa"] = 1\n'):
        assert names(kinds) == sorted([*KINDS, "aaa", "xgboost"])
        assert (scorer_text.text([kind]), scorer_text.requirements([kind])) == (before, required)
        assert "XgboostTree" in scorer_text.text([kind, "xgboost"])


def test_the_kind_of_the_documentation_is_one(root: Path, tmp_path: Path) -> None:
    blocks = (root / "docs/how_to/kind_of_model.md").read_text().split("```python\n")[1:]
    (text,) = [block.partition("```")[0] for block in blocks if 'KINDS["scorecard"]' in block]
    with plugged(kinds, tmp_path, scorecard=text):
        known = scorer("scorecard")["KINDS"]
        assert scorer_text.requirements(["scorecard"]) == scorer_text.requirements(["prior"])
    assert isinstance(known, dict)
    model = known["scorecard"]({"points": [1.0, -2.0]}, [])
    X = np.array([[0.5, 1.0], [np.nan, 3.0]])
    assert np.array_equal(model.contributions(X), [[0.5, -2.0, 0.0], [0.0, -6.0, 0.0]])
    assert model.predict(X) == pytest.approx([1 / (1 + np.exp(1.5)), 1 / (1 + np.exp(6.0))])

"""How a scorer is joined: what cannot be one file is refused with the file and what to write."""

from pathlib import Path

import pytest

from features.errors import HoldfastError
from pipelines.models import portable, scorer_text
from pipelines.models.scorers import kinds
from tests.strangers import plugged

HEAD = '"""A kind."""\n\nimport numpy as np\n\nfrom pipelines.models.scorers.models import KINDS\n'
END = '\n\nclass Mine:\n    """A model."""\n\n\nKINDS["mine"] = Mine\n'


def refused(folder: Path, **texts: str) -> str:
    with plugged(kinds, folder, **texts), pytest.raises(HoldfastError) as caught:
        scorer_text.text(["mine"])
    return str(caught.value)


def joined(folder: Path, **texts: str) -> str:
    with plugged(kinds, folder, **texts):
        return scorer_text.text(["mine"])


def ran(text: str) -> dict[str, object]:
    space: dict[str, object] = {"__name__": "scorer"}
    exec(compile(text, "scorer.py", "exec"), space)  # noqa: S102 - it is ours
    return space


def test_a_kind_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        HoldfastError, match=r"no 'forest' among .*there are \['lightgbm', 'linear', 'logistic', 'prior'\]"
    ):
        scorer_text.text(["forest"])
    for name in ("../models", "os.path", "", "linear.py", "__init__"):
        with pytest.raises(HoldfastError, match="among the kinds"):
            scorer_text.text([name])
    (tmp_path / "model.json").write_text('{"models": {"control": {"kind": "../../evil"}}}')
    (tmp_path / "scorer.py").write_text("open('ran', 'w')")
    with pytest.raises(HoldfastError, match="among the kinds"):
        portable.scorer(tmp_path)


@pytest.mark.parametrize(
    "made",
    ["", 'KINDS["other"] = Mine\n', 'KINDS["mine"] = Mine\nKINDS["prior"] = Mine\n', "KINDS |= dict(mine=Mine)\n"],
)
def test_a_kind_adds_itself_and_no_other(tmp_path: Path, made: str) -> None:
    said = refused(tmp_path, mine=HEAD + END.replace('KINDS["mine"] = Mine\n', made))
    assert f"{tmp_path}/mine.py adds" in said
    assert 'write KINDS["mine"] = ' in said


@pytest.mark.parametrize(
    "line",
    [
        "from experiments.family import Portable",
        "import features.errors",
        "from pipelines.files import storage",
        "from pipelines.models.scorers import reading",
        "from pipelines.models.scorers.kinds import linear",
        "from pipelines.models.scorers.reading import Numbers as N",
        "from .linear import Linear",
        "from __future__ import annotations",
        "def f() -> None:\n    from pipelines.models.scorers.reading import table",
    ],
)
def test_what_a_model_alone_cannot_import_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    text = '"""A kind."""\n' + line + "\n" + HEAD.partition("\n")[2] + END
    said = refused(tmp_path, mine=text)
    assert f"{tmp_path}/mine.py, line {2 + line.count(chr(10))}: a model is one file" in said


@pytest.mark.parametrize(
    ("line", "name", "other"),
    [
        ("def table() -> None:\n    pass", "table", "reading.py"),
        ("THREADS = 9", "THREADS", "models.py"),
        ("class Scorer:\n    pass", "Scorer", "outcome_models.py"),
        ("import threading as np", "np", "cells.py"),
        ("from math import floor as ceil", "ceil", "outcome_models.py"),
        ("if True:\n    WHOLE = 1", "WHOLE", "cells.py"),
        ("(FEW, more) = (1, 2)", "FEW", "reading.py"),
        ("def min() -> None:\n    pass", "min", "Python"),
    ],
)
def test_two_meanings_of_a_name_are_refused(tmp_path: Path, line: str, name: str, other: str) -> None:
    said = refused(tmp_path, mine=HEAD + "\n\n" + line + END)
    assert f"both have a `{name}`, and become one file: rename yours" in said
    assert other in said


def test_two_kinds_of_one_model_with_a_name_in_common_are_refused_and_apart_are_not(tmp_path: Path) -> None:
    part = "\n\ndef _sum() -> int:\n    return {}\n"
    one = HEAD + part.format(1) + END
    other = HEAD + part.format(2) + END.replace("mine", "yours").replace("Mine", "Yours")
    with plugged(kinds, tmp_path, mine=one, yours=other):
        for used in ("mine", "yours"):
            ran(scorer_text.text([used]))
        with pytest.raises(HoldfastError, match=r"yours.py and .*mine.py both have a `_sum`"):
            scorer_text.text(["yours", "mine"])


def test_a_kind_that_is_no_python_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path}/mine.py is no Python" in refused(tmp_path, mine="class\n")


def test_kinds_that_import_one_another_are_refused(tmp_path: Path) -> None:
    circle = HEAD + "from pipelines.models.scorers.kinds.{} import {}" + END
    mine = circle.format("yours", "Yours")
    yours = circle.format("mine", "Mine").replace('"mine"', '"yours"').replace("class Mine", "class Yours")
    assert "the kinds mine, yours import one another" in refused(tmp_path, mine=mine, yours=yours)


def test_a_kind_goes_on_from_another_however_its_import_is_written(tmp_path: Path) -> None:
    wide = "from pipelines.models.scorers.kinds.logistic import (\n    Linear,\n    Logistic,\n)\n"
    text = joined(tmp_path, mine=HEAD + wide + END.replace("class Mine:", "class Mine(Logistic):").rstrip("\n"))
    known = ran(text)["KINDS"]
    assert isinstance(known, dict)
    assert list(known) == ["linear", "logistic", "mine"]
    assert "pipelines" not in text


def test_odd_letters_within_a_text_stay(tmp_path: Path) -> None:
    odd = 'ODD = "a\x0cb\x1cc\u2028d"\n'
    assert ran(joined(tmp_path, mine=HEAD + odd + END))["ODD"] == "a\x0cb\x1cc\u2028d"


@pytest.mark.parametrize("said", ["{}", '"lightgbm"', '["a", 1]', "(x for x in ())", "set()"])
def test_requirements_are_said_plainly(tmp_path: Path, said: str) -> None:
    refusal = pytest.raises(HoldfastError, match="write REQUIREMENTS as names of packages")
    with plugged(kinds, tmp_path, mine=HEAD + f"REQUIREMENTS = {said}\n" + END), refusal:
        scorer_text.requirements(["mine"])


@pytest.mark.parametrize("said", ["REQUIREMENTS = ('scipy', 'numpy')", "REQUIREMENTS: tuple[str, ...] = ('scipy',)"])
def test_requirements_are_pinned_once_each(tmp_path: Path, said: str) -> None:
    with plugged(kinds, tmp_path, mine=HEAD + said + END):
        found = [line.split("==")[0] for line in scorer_text.requirements(["prior", "mine", "lightgbm"])]
        assert found == ["mlflow", "numpy", "pandas", "lightgbm", "scipy"]


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    refusal = pytest.raises(HoldfastError, match="requires not-a-package-of-ours, which is not installed")
    with plugged(kinds, tmp_path, mine=HEAD + 'REQUIREMENTS = ("not-a-package-of-ours",)\n' + END), refusal:
        scorer_text.requirements(["mine"])

"""The study of a reader of texts is named after all the code, texts and settings that decide its trials."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from experiments.texts.spec import TextTuning
from pipelines.learning import code_files
from pipelines.learning.text_rows import TextRows
from pipelines.stages.texts import tune

ROWS = pd.DataFrame({"digest": ["a", "b"], "class": ["bad", "good"], "text": ["x", "y"]})
CHANGING = """
import json
from types import SimpleNamespace
import pandas as pd
from experiments.texts.spec import TextTuning
from pipelines.learning import code_files
from pipelines.learning.text_rows import TextRows
from pipelines.stages.texts import tune
rows = TextRows(pd.DataFrame({"digest": ["a"], "class": ["bad"]}))
spec = SimpleNamespace(name="tone", tuning=TextTuning())
found = {"as it is": tune.study_name(spec, rows)}
for module, file in code_files.files(tune.CODE).items():
    text = file.read_bytes()
    file.write_bytes(text + b"# A word.\\n")
    found[module] = tune.study_name(spec, rows)
    file.write_bytes(text)
print(json.dumps(found))
"""


def name(*, rows: pd.DataFrame = ROWS, **tuning: Any) -> str:
    return tune.study_name(SimpleNamespace(name="tone", tuning=TextTuning(**tuning)), TextRows(rows))  # type: ignore[arg-type]


def test_all_that_python_loads_with_a_search_counts(root: Path) -> None:
    program = "import json, sys, experiments.texts.search\nprint(json.dumps(list(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    loaded = {one for one in json.loads(ended.stdout) if one.split(".")[0] in ("features", "experiments")}
    assert {"experiments.texts.linear_model", "experiments.texts.confidence", "features.texts.ngrams"} <= loaded
    assert loaded <= code_files.digests(tune.CODE).keys()


def test_a_word_changed_in_any_of_its_code_is_another_study(root: Path, tmp_path: Path) -> None:
    for package in ("features", "experiments", "pipelines"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    ended = subprocess.run([sys.executable, "-c", CHANGING], cwd=tmp_path, capture_output=True, text=True, check=True)
    names = json.loads(ended.stdout)
    assert len(names) > 20
    assert len(set(names.values())) == len(names), "two versions of the code have one study"


def test_texts_and_settings_count_and_the_number_of_trials_does_not() -> None:
    assert name(trials=3) == name(trials=30)
    others = [name(seed=1), name(folds=4), name(rows=ROWS.assign(digest=["a", "c"])), name(rows=ROWS.iloc[::-1])]
    assert len({name(), *others}) == len(others) + 1
    assert name(rows=ROWS.assign(text="z")) == name()  # its digest is of the text

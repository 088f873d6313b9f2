import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.texts.learning import fit
from experiments.texts.reading import Reader
from features.errors import ContractError
from pipelines.models.text_readers import folders
from tests.text_worlds import texts_of

STRANGER = """
import json, sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("features", "experiments", "pipelines", "sklearn", "scipy", "mlflow"):
            raise ImportError(name)
sys.meta_path.insert(0, Refusing())
sys.path.insert(0, sys.argv[1])
import scorer
texts = json.load(open(sys.argv[2], encoding="utf-8"))
scorer.Scorer(sys.argv[1]).read(texts).to_parquet(sys.argv[3])
"""


@pytest.fixture(scope="module")
def reader() -> Reader:
    english, chinese = (texts_of(300, language=one, seed=k) for k, one in enumerate(("en", "zh")))
    return fit([*english[0], *chinese[0]], np.concatenate([english[1], chinese[1]]), params={"topics": 2}, seed=0)


def asked() -> list[str | None]:
    return [
        *texts_of(100, language="en", seed=5)[0],
        *texts_of(100, language="zh", seed=5)[0],
        "",
        None,
        "Привет",
        "預(yù)警",
    ]


def test_a_process_without_our_code_reads_the_same_to_the_bit(reader: Reader, tmp_path: Path) -> None:
    folders.write(tmp_path / "reader", reader)
    (tmp_path / "texts.json").write_text(json.dumps(asked()), encoding="utf-8")
    command = [sys.executable, "-I", "-c", STRANGER, str(tmp_path / "reader"), str(tmp_path / "texts.json")]
    subprocess.run([*command, str(tmp_path / "read.parquet")], cwd=tmp_path, check=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "read.parquet"), reader.read(asked()), check_exact=True)


def test_the_judged_code_is_the_stored_code(reader: Reader, tmp_path: Path) -> None:
    folders.write(tmp_path, reader)
    pd.testing.assert_frame_equal(folders.scorer(tmp_path).read(asked()), reader.read(asked()), check_exact=True)
    (tmp_path / "scorer.py").write_text((tmp_path / "scorer.py").read_text() + "\n# changed\n")
    with pytest.raises(ContractError, match="not the reader"):
        folders.scorer(tmp_path)


def test_a_folder_is_text_and_the_same_for_the_same_texts(reader: Reader, tmp_path: Path) -> None:
    for name in ("one", "other"):
        folders.write(tmp_path / name, reader)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()
        path.read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"scorer.py", "model.json", "requirements.txt"}


def test_what_it_needs_is_pinned() -> None:
    assert [one.split("==")[0] for one in folders.requirements()] == ["numpy", "opencc", "pandas"]

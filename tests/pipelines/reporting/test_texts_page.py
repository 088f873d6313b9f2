"""The page of a reader of texts shows each class's own texts."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.texts import figures
from experiments.texts.reading import CLASSES
from pipelines.files import storage
from pipelines.reporting import texts_page


def said(told: np.ndarray) -> pd.DataFrame:
    sure = {name: np.where(told == place, 0.8, 0.1) for place, name in enumerate(CLASSES)}
    names = np.array(CLASSES, dtype=object)[told]
    return pd.DataFrame({"class": names, "leaning": names, "known": True, **sure})


def test_a_class_of_the_page_has_its_own_texts_and_its_recall_is_what_was_found_of_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 200, p=[0.2, 0.5, 0.3])
    told = np.where(rng.random(200) < 0.7, truth, rng.integers(0, 3, 200))
    found = figures.of_reader([f"text {n}" for n in range(200)], truth, said(told), usual=1, seed=0)
    report = {
        "spec": {"name": "tone", "title": "Tone", "known_before": "2025-07-01"},
        "figures": found,
        "trained": {"texts": 10},
        "judged": None,
        "left_out": {},
        "topics": [],
    }
    storage.write_json(tmp_path / "report.json", report)  # as the page is made again: keys in their own order
    page = texts_page.report(json.loads((tmp_path / "report.json").read_text()))
    rows = re.findall(r'<tr><th scope="row">(bad|indifferent|good)</th>(.*?)</tr>', page)
    assert [name for name, _ in rows] == list(CLASSES)
    for place, (_, cells) in enumerate(rows):
        texts, *shown, _precision, recall, _f1 = re.findall(r'class="number"[^>]*>([^<]*)<', cells)
        assert [int(one) for one in shown] == [int(((truth == place) & (told == k)).sum()) for k in range(3)]
        assert int(texts) == sum(int(one) for one in shown)
        assert float(recall) == round(int(shown[place]) / int(texts), 3)

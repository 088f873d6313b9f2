from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.spec import ExperimentSpec
from experiments.texts.reading import CLASSES
from experiments.texts.spec import TextsSpec
from features.errors import SpecError
from pipelines.specs import spec_files, text_specs
from pipelines.workspace import Workspace

TABLE: dict[str, Any] = {"kind": "table", "file": "a.csv", "text": "t", "label": {"column": "l", "bad": 1, "good": 2}}
SPEC: dict[str, Any] = {
    "kind": "texts",
    "title": "Tone",
    "source": {"kind": "surveys", "spec": "demo"},
    "known_before": "2025-07-01",
    "split": {},
    "tuning": {},
}


def load(folder: Path, **changes: Any) -> TextsSpec:
    workspace = Workspace(folder, "tone")
    workspace.specs.mkdir(parents=True, exist_ok=True)
    plain = {key: value for key, value in {**SPEC, **changes}.items() if value is not None}
    workspace.spec_file.write_text(yaml.safe_dump(plain))
    return text_specs.of_texts(workspace)


def test_labels_are_texts_whatever_yaml_makes_of_them(tmp_path: Path) -> None:
    label = {"column": "l", "bad": [1, True], "indifferent": "so so", "good": 2.5}
    spec = load(tmp_path, source={**TABLE, "label": label, "format": {"separator": ";"}})
    assert spec.source.label.names == {"bad": ("1", "true"), "indifferent": ("so so",), "good": ("2.5",)}  # type: ignore[union-attr]
    assert tuple(spec.source.label.names) == CLASSES  # type: ignore[union-attr]
    assert spec.source.formats["a.csv"].separator == ";"  # type: ignore[union-attr]
    assert (spec.name, spec.known_until) == ("tone", "2025-07-01")
    assert load(tmp_path, known_before="2025-07-01T12:30:00").known_until == "2025-07-01T12:30:00"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "tone"}, r"kind: it is 'tone'; write `kind: texts`"),
        ({"source": {"kind": "events"}}, r"source.kind: it is 'events'; texts come from table or surveys"),
        ({"source": ["a.csv"]}, r"source.kind: it is not there"),
        ({"source": None}, r"'source' is missing"),
        ({"source": {**TABLE, "file": None}}, r"source.file"),
        ({"source": {**TABLE, "colour": 1}}, r"unknown key 'source.colour'"),
        (
            {"source": {**TABLE, "label": {"column": "l", "bad": "a", "good": "a"}}},
            r"\['a'\] occurs twice",
        ),
        ({"source": {**TABLE, "label": {"column": "l", "bad": "a"}}}, r"labels of at least two of bad, indifferent"),
        ({"source": {**TABLE, "label": {"column": "l", "nice": "a"}}}, r"unknown key 'source.label.nice'"),
        ({"source": {"kind": "surveys", "spec": "tone"}}, r"source.spec: it is the spec itself"),
        ({"source": {"kind": "surveys", "spec": "../demo"}}, r"source.spec"),
        ({"source": {"kind": "surveys", "spec": "demo", "bad_to": 9}}, r"bad_to is 9 and must be below good_from, 9"),
        ({"known_before": "2025-13-01"}, r"known_before"),
        ({"known_before": "2025-07-01T00:00:00+08:00"}, r"known_before: .* names a zone"),
        ({"split": {"share": 1}}, r"split.share"),
        ({"tuning": {"folds": 1}}, r"tuning.folds"),
        ({"gate": {"alpha": 0.5}}, r"gate.alpha"),
        ({"name": "other"}, r"'other' is not the name of the file"),
        ({"treatment": {}}, r"unknown key 'treatment'"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said) as told:
        load(tmp_path, **changes)
    assert len(str(told.value).splitlines()) == 1


def test_each_kind_is_asked_for_by_its_own_reader(root: Path) -> None:
    assert isinstance(text_specs.load(Workspace(root, "demo")), ExperimentSpec)
    assert text_specs.load(Workspace(root, "demo")) == spec_files.load(Workspace(root, "demo"))
    with pytest.raises(SpecError, match="spec 'demo' is no reader of texts"):
        text_specs.of_texts(Workspace(root, "demo"))
    with pytest.raises(SpecError, match="'demo_tone' is of kind 'texts'; this is for specs of models of churn"):
        spec_files.load(Workspace(root, "demo_tone"))


def test_readers_are_found_among_specs(root: Path, tmp_path: Path) -> None:
    assert text_specs.names(Workspace(root, "")) == ["demo_tone"]
    load(tmp_path)
    (tmp_path / "experiments/specs/broken.yaml").write_text("kind: [")
    assert text_specs.names(Workspace(tmp_path, "")) == ["tone"]

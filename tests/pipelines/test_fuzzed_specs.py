"""A mangled spec is read, or refused in a line that names the key; never with another error, and never for long."""

import copy
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.spec import ExperimentSpec
from features.errors import HoldfastError
from features.event_log.options import EventLogOptions
from features.sources.simulated import SimulatedOptions
from features.table_options import TableOptions
from pipelines.specs import spec_files
from pipelines.workspace import Workspace

SECONDS_EACH = 2.0
MANGLED = 1_500
Path_ = tuple[str | int, ...]

# Every key of every section, in specs that are sound.
TABLE: dict[str, Any] = {
    "title": "A shop",
    "currency": "eur",
    "source": {
        "kind": "table",
        "file": "shop.csv",
        "key": "id",
        "missing": ["", "?"],
        "columns": {
            "age": {"type": "integer", "minimum": 18, "maximum": 120, "unit": "years", "meaning": "Age"},
            "plan": {"type": "category", "values": ["basic", "plus"], "column": "tariff"},
            "quiet": {"type": "boolean", "nullable": True},
            "spent": {"type": "number", "role": "outcome", "nullable": True, "missing": ["-1"]},
            "left": {"type": "category", "role": "label", "values": ["yes", "no"]},
        },
        "treatment": {
            "column": "group",
            "control": "none",
            "arms": {"call": "phoned"},
            "probabilities": {"control": 0.5, "call": 0.5},
        },
    },
    "label": {"kind": "column", "column": "left", "churned": "yes", "retained": "no", "bad": "left", "good": "stayed"},
    "observations": None,
    "features": [],
    "treatment": {"arms": {"call": {"cost": 1.0}}, "randomised": True},
    "value": {"constant": 2.0, "column": "age"},
    "validation": {"volume_change": 0.5},
    "checks": {"L005": "known", "L003": {"accept": {"age": "known"}}},
    "split": {"kind": "random", "gate_share": 0.4, "folds": 2, "seed": 1},
    "tuning": {"families": ["logistic"], "learners": ["t_learner"], "metric": "auc", "trials": 2, "seed": 1},
    "policy": {
        "budget_share": 0.5,
        "budget_money": 100,
        "capacity": {"call": 0.5},
        "opt_out": "quiet",
        "fatigue": {"column": "age", "at_most": 100},
    },
    "cost_of_churn": {"value_months": 6, "months": 12, "margin_share": 0.7, "acquisition_cost": 120},
    "evaluation": {
        "draws": 100,
        "seed": 2,
        "contact_share": 0.2,
        "slices": {"age_band": {"column": "age", "edges": [30, 50]}, "plan": {"column": "plan"}},
        "floors": {"old": {"columns": ["age"], "falling": True}},
        "campaign": {"lifetime_value": 200, "offer_cost": 10, "contact_cost": 1, "alpha": 6, "beta": 14},
    },
    "gate": {"alpha": 0.05, "auc_margin": 0.005, "approval": False},
    "score": {"medium_from": 0.1, "high_from": 0.25, "reasons": 3},
}
LOG: dict[str, Any] = {
    **{name: TABLE[name] for name in ("title", "validation", "checks", "tuning", "gate", "score")},
    "source": {
        "kind": "event_log",
        "time_zone": "Europe/London",
        "refuse_unmapped_above": 0.1,
        "extracted_at": "2025-01-01",
        "identities": {"file": "ids.csv", "key": "key", "customer_id": "who"},
        "tables": {
            "transactions": {
                "files": "orders_*.csv",
                "rename": {"Who": "who"},
                "recorded_in": "UTC",
                "drop": {"test": "who = 'test'"},
                "duplicates": "drop",
                "identity": True,
                "columns": {"customer_id": "who", "event_at": "day", "kind": "'payment'", "amount": "price::DOUBLE"},
            }
        },
    },
    "label": {
        "kind": "inactive",
        "table": "transactions",
        "event": "payment",
        "active_days": 90,
        "lead_time_days": 7,
        "horizon_days": 30,
    },
    "observations": {"engine": "duckdb", "first": "2024-01-31", "every_months": 1, "look_back_days": 90},
    "features": ["recency"],
    "treatment": None,
    "value": {},
    "split": {"kind": "time", "gate_dates": 1, "folds": 2, "seed": 0},
    "policy": {},
}
WORLD = {**LOG, "source": {"kind": "simulated", "seed": 1, "customers": 100, "months": 12, "start": "2024-01-01"}}
SOUND = {"table": (TABLE, TableOptions), "log": (LOG, EventLogOptions), "world": (WORLD, SimulatedOptions)}

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 10**18, -(10**18), 0.5, -0.5, 1e-320, 1e308, float("nan"), float("inf")),
    *("", " ", "x", "0", "a\0b", "'; DROP TABLE t", "../x", "customer_id", "Value", "é" * 3, "z" * 20_000),
    *("2024-02-30", "9999-12-31", "range(100000000)", "repeat(x, 100000000)", "count(*)", "((((((("),
    *([], {}, [None], [1, 1], ["x", "x"], [[1]], {"x": None}, {"": 1}, {"x": {"y": {"z": 1}}}),
)


def paths(plain: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place of a spec."""
    if path:
        yield path
    below = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in below:
        yield from paths(value, (*path, key))


def known_keys(options: Any) -> Iterator[Path_]:
    """Every key that the schema knows."""
    for top, schema in (((), ExperimentSpec.model_json_schema()), (("source",), options.model_json_schema())):
        named = {"": schema, **schema.get("$defs", {})}
        for key, value in schema["properties"].items():
            found = [one.get("$ref", "") for one in (value, *value.get("anyOf", ()))]
            for reference in filter(None, found):
                yield from ((*top, key, one) for one in named[reference.rsplit("/", 1)[1]].get("properties", ()))
            yield (*top, key)


def put(plain: Any, path: Path_, value: Any) -> Any:
    """A copy of a spec with another value at a place; sections on the way are made where there is none."""
    made = copy.deepcopy(plain)
    at = made
    for key in path[:-1]:
        if isinstance(at, dict) and not isinstance(at.get(key), dict | list):
            at[key] = {}
        at = at[key]
    at[path[-1]] = value
    return made


def without(plain: Any, path: Path_) -> Any:
    made = copy.deepcopy(plain)
    at = made
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return made


def mangled(kind: str) -> Iterator[tuple[str, Path_, str]]:
    """What was done to a sound spec, where, and the text that came out."""
    plain, options = SOUND[kind]
    places = list(dict.fromkeys([*paths(plain), *known_keys(options)]))
    there = set(paths(plain))
    for path in places:
        for value in STRANGE:
            yield f"{value!r:.40}", path, dump(put(plain, path, value))
        if path in there:
            yield "left out", path, dump(without(plain, path))
            if isinstance(path[-1], str):
                yield (
                    "another letter",
                    path,
                    dump(put(without(plain, path), (*path[:-1], f"{path[-1]}x"), value_at(plain, path))),
                )


def value_at(plain: Any, path: Path_) -> Any:
    for key in path:
        plain = plain[key]
    return plain


def dump(plain: Any) -> str:
    """YAML by way of JSON, which is quicker; both write the same values."""
    text = json.dumps(plain, ensure_ascii=True, allow_nan=True)
    return text.replace("NaN", ".nan").replace("-Infinity", "-.inf").replace("Infinity", ".inf")


def loaded(workspace: Workspace, text: str) -> tuple[str, float]:
    """What is said of a spec, nothing where it is read, and after how many seconds."""
    workspace.spec_file.write_text(text)
    begun = time.process_time()
    try:
        spec_files.load(workspace)
    except HoldfastError as error:
        return str(error), time.process_time() - begun
    return "", time.process_time() - begun


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path, "mangled")
    found.spec_file.parent.mkdir(parents=True)
    return found


def names(said: str, path: Path_) -> bool:
    """Whether a message names the key or the section that it stands in, or says which other key looks for it."""
    words = [str(one) for one in path]
    sections = (".".join(words[:size]) for size in range(max(1, len(words) - 1), len(words) + 1))
    missed = f"no column '{words[-1]}'", f"no arm is called ['{words[-1]}']"
    return any(one in said for one in (*missed, *sections))


@pytest.mark.parametrize("kind", SOUND)
def test_a_spec_with_every_key_is_read(workspace: Workspace, kind: str) -> None:
    assert loaded(workspace, dump(SOUND[kind][0])) == ("", pytest.approx(0, abs=SECONDS_EACH))


@pytest.mark.parametrize("kind", SOUND)
def test_what_is_mangled_is_read_or_refused_by_its_key_and_soon(workspace: Workspace, kind: str) -> None:
    every = list(mangled(kind))
    asked = random.Random(20_260).sample(every, min(MANGLED // len(SOUND), len(every)))  # noqa: S311 - no secret
    refused = 0
    for what, path, text in asked:
        said, seconds = loaded(workspace, text)
        assert seconds < SECONDS_EACH, (what, path)
        assert not said or names(said, path), (what, path, said)
        refused += bool(said)
    assert refused > len(asked) / 3

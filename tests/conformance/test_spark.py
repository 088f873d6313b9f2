"""Spark gives what DuckDB gives: every feature, every label and a whole build, on a cluster of two workers."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyspark
import pytest

from experiments.spec import ExperimentSpec
from features import labels, sources
from features.catalog import all_features
from features.errors import UsageError
from features.label import Label, LabelOptions, LabelWindow
from features.labels.cancelled import observed
from features.matrix import PLACE, labelled, placed
from features.plugins import discover, plugin
from features.source import Part, Source
from features.tables import CANONICAL
from pipelines.files import storage
from pipelines.matrix import dated, spark_engine
from pipelines.matrix.duckdb_engine import Engine
from pipelines.stages import build
from pipelines.workspace import Workspace
from tests.conformance.feature_rows import Rows, worked_out
from tests.specs import REQUIRED

FEATURES = all_features()
LABELS = {name: label.dated for name, label in discover(labels, Label).items() if label.dated}
SIMULATED = plugin(sources, "simulated", Source)
AS_OF = datetime(2025, 5, 1)
WINDOW = LabelWindow.after(AS_OF, lead_time_days=7, horizon_days=55)
Both = Mapping[str, tuple[Rows, Mapping[str, pa.Table]]]
OPTIONS = LabelOptions(event="payment", active_days=60)
CLUSTER = "local-cluster[2,1,2048]"  # two workers with one core and 2 GB each
# For a world so small: little to plan, little to compile, and nothing but this machine. Its classes come from packages
# whose hashes are in the lock: nobody verifies each of them in each of three processes.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
SETTINGS = f"""spark.sql.shuffle.partitions 2
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.driver.extraJavaOptions {JAVA}
spark.executor.extraJavaOptions {JAVA}
"""
SPEC: dict[str, Any] = {
    **REQUIRED,
    "name": "small",
    "title": "A small world",
    "source": {"kind": "simulated", "customers": 150},
    "label": {"kind": "cancelled", "lead_time_days": 14, "horizon_days": 30},
    "observations": {"first": "2024-06-01", "every_months": 9, "look_back_days": 90},
    "treatment": {"arms": {"call": {}, "coupon": {}, "upgrade": {}}},
    "value": {"column": "price"},
    "split": {"kind": "random", "folds": 2},
}


def write(folder: Path, *, customers: int, months: int) -> None:
    """A simulated world as the ingest stage leaves it, with a tone; of some customers little is known, or no use."""
    options = SIMULATED.options(kind="simulated", customers=customers, months=months)
    tones = np.random.default_rng(0)
    for part in SIMULATED.read(None, options):  # type: ignore[arg-type] - a world needs no files
        assert isinstance(part, Part)
        rows = part.rows
        if part.table == "interactions":
            tone = pa.array(np.round(tones.uniform(-1, 1, len(rows)), 7))
            rows = rows.set_column(rows.column_names.index("sentiment"), "sentiment", tone)
            noted = pc.greater(last_digit(rows), "4")
            for name in ("resolved", "complaint", "topic"):
                known = pc.if_else(noted, rows[name], pa.scalar(None, rows[name].type))
                rows = rows.set_column(rows.column_names.index(name), name, known)
        if part.table == "usage":
            rows = rows.filter(pc.not_equal(last_digit(rows), "7"))
        storage.write_parquet(folder / part.table / f"{part.name}.parquet", rows)
    storage.write_json(folder / "about.json", {"extracted_at": SIMULATED.extracted_at(options)})


def last_digit(rows: pa.Table) -> pa.ChunkedArray:
    return pc.utf8_slice_codeunits(rows["customer_id"], -1)


def executors() -> list[psutil.Process]:
    """The workers' processes that this one has started."""
    running = [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
    return [one for one in running if any("CoarseGrainedExecutorBackend" in word for word in one.cmdline())]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two workers of Spark's own, in a time zone that is not ours; no process of it is left at the end."""
    home, before = tmp_path_factory.mktemp("spark"), psutil.Process().children()
    for part in ("bin", "jars"):
        (home / part).symlink_to(Path(pyspark.__file__).parent / part)  # the workers write beside them
    (home / "conf").mkdir()
    (home / "conf" / "spark-defaults.conf").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_HOME", str(home))
        environment.setenv("SPARK_CONF_DIR", str(home / "conf"))
        environment.setenv("SPARK_MASTER", CLUSTER)
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        environment.setenv("TZ", "America/New_York")
        yield CLUSTER
        pyspark.SparkContext._gateway.shutdown()
        environment.setattr(pyspark.SparkContext, "_gateway", None)
        environment.setattr(pyspark.SparkContext, "_jvm", None)
        started = [one for one in psutil.Process().children() if one not in before]
        for one in started:
            one.terminate()
        assert not psutil.wait_procs(started, timeout=20)[1]


def made(opened: Engine) -> tuple[Rows, dict[str, pa.Table]]:
    """All features of AS_OF, and what each label says of its customers."""
    history = opened.history(AS_OF, look_back_days=180)
    customers = opened.kept("observed", placed(observed(history, WINDOW, OPTIONS)))
    names = opened.rows(customers.order_by(PLACE))["customer_id"].to_pylist()
    asked = {"as_of": AS_OF, "look_back_days": 180, "observed": customers}
    features, tables = worked_out(opened, FEATURES.values(), customers=names, **asked), {}
    for name, label in LABELS.items():
        rows = opened.kept("observed", placed(label.observed(history, WINDOW, OPTIONS)))
        happened = label.happened_at(opened.known_today, WINDOW, OPTIONS)
        tables[name] = opened.rows(labelled(rows, happened=happened, known_today=opened.known_today, window=WINDOW))
    return features, tables


@pytest.fixture(scope="module")
def both(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """What each engine makes of one world."""
    assert os.environ["SPARK_MASTER"] == cluster
    folder, found = tmp_path_factory.mktemp("tables"), {}
    write(folder, customers=300, months=20)
    for name, opener in dated.ENGINES.items():
        with opener(folder, CANONICAL) as opened:
            found[name] = made(opened)
            assert len(executors()) == (2 if name == "spark" else 0)
        assert not psutil.wait_procs(executors(), timeout=20)[1]
    return found


def same(expected: pa.Table, given: pa.Table) -> None:
    """Doubles to 1e-9, anything else exactly."""
    assert given.schema.equals(expected.schema)
    for name in expected.column_names:
        left, right = expected[name].combine_chunks(), given[name].combine_chunks()
        if not pa.types.is_floating(left.type):
            assert right.equals(left), name
            continue
        assert right.is_null().equals(left.is_null()), name
        numbers = (one.to_numpy(zero_copy_only=False) for one in (right, left))
        np.testing.assert_allclose(*numbers, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_has_the_same_values_on_spark(name: str, both: Both) -> None:
    duckdb, on_spark = both["duckdb"][0], both["spark"][0]
    assert on_spark.customers == duckdb.customers
    same(*(pa.table({name: rows.of(name)}) for rows in (duckdb, on_spark)))
    assert duckdb.of(name).null_count < len(duckdb.customers)


@pytest.mark.parametrize("name", LABELS)
def test_a_label_says_the_same_on_spark(name: str, both: Both) -> None:
    duckdb, on_spark = both["duckdb"][1][name], both["spark"][1][name]
    same(duckdb, on_spark)
    assert set(duckdb["churned"].to_pylist()) == {0.0, 1.0}


@pytest.mark.usefixtures("cluster")
def test_a_build_on_spark_writes_the_same_matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    # Each expression was generated as code for `both`; here Spark interprets them, which needs no compiler.
    pyspark.SparkContext._ensure_initialized()
    pyspark.SparkContext._jvm.java.lang.System.setProperty("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    matrix = {}
    for name in dated.ENGINES:
        workspace = Workspace(tmp_path / name, "small")
        write(workspace.tables, customers=150, months=8)
        observations = {**SPEC["observations"], "engine": name}
        build.write(
            ExperimentSpec.model_validate({**SPEC, "observations": observations}), workspace, must_be_enough=False
        )
        files = sorted(workspace.matrix.rglob("*.parquet"))
        matrix[name] = {str(file.relative_to(workspace.matrix)): pq.read_table(file) for file in files}
        matrix[name]["contract"] = pa.table({"text": [(workspace.matrix / "contract.json").read_text()]})
    assert len(matrix["duckdb"]) > 20
    assert matrix["spark"].keys() == matrix["duckdb"].keys()
    for name, rows in matrix["duckdb"].items():
        same(rows, matrix["spark"][name])


def test_a_cluster_that_cannot_be_is_one_line() -> None:
    program = (
        "from pathlib import Path; from pipelines.matrix import spark_engine;"
        "spark_engine.opened(Path(), {}).__enter__()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SPARK_MASTER": "cluster.example"},
        capture_output=True,
        text=True,
        check=False,
    )
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("features.errors.UsageError: Spark did not start on 'cluster.example': ")
    assert last.endswith("SPARK_MASTER.")


def test_without_the_extra_one_line_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match=r"install it with `make \.venv/spark`"):
        spark_engine.opened(tmp_path, CANONICAL).__enter__()

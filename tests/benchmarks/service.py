"""What the service takes: `python -m tests.benchmarks.service REPOSITORY SPEC [--copies N] [--minutes M]`.

In a checkout in which the spec was run. Its customers stand in the history N times (50 make a million of the demo's
20,000). Eight clients on the same machine send events, ask for customers and have ready rows scored, each as soon as it
is answered; then so many minutes of 200 requests a second. The same rows go to `mlflow models serve`; batches go as
Arrow streams, beside the bare boosters.
"""

import argparse
import http.client
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.matrix import matrices
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace
from tests.benchmarks.service_load import JSON, Request, closed, paced, table
from tests.benchmarks.service_world import customers, enlarged, served, served_by_mlflow

CLIENTS, SECONDS, RATE = 8, 30.0, 200.0
TEXT = "still no answer, third time this month: very slow, I am thinking of leaving ({})"
ARROW = "application/vnd.apache.arrow.stream"
HEADER = "| what | requests | a second | median ms | p95 ms | p99 ms | failed |\n|---|---|---|---|---|---|---|"
BATCH, TIMES = 20_000, 5


class Asking:
    """What clients ask: rows of the batch to be scored, notes of calls, and customers."""

    def __init__(self, rows: pd.DataFrame, columns: list[str], who: list[str], *, day: str) -> None:
        plain = rows[columns].head(2000).to_json(orient="records", date_format="iso")
        self._rows = [json.dumps(one).encode() for one in json.loads(plain)]
        self._who, self._day, self._lot = who, day, np.random.default_rng(0)
        self._run = f"{time.time():.0f}"

    def score(self, client: int, number: int) -> tuple[str, Request]:
        """One ready row."""
        return "one ready row", ("POST", "/score", self._row(client, number, "rows"), JSON)

    def score_by_mlflow(self, client: int, number: int) -> tuple[str, Request]:
        """The same, for MLflow's own server."""
        body = self._row(client, number, "dataframe_records")
        return "one ready row, `mlflow models serve`", ("POST", "/invocations", body, JSON)

    def _row(self, client: int, number: int, name: str) -> bytes:
        return b'{"%s": [%s]}' % (name.encode(), self._rows[(997 * client + number) % len(self._rows)])

    def event(self, client: int, number: int) -> tuple[str, Request]:
        """A note of a call, of any customer."""
        key, who = f"{self._run}-{client}-{number}", self._who[int(self._lot.integers(len(self._who)))]
        row = {"interaction_id": key, "customer_id": who, "event_at": self._day, "channel": "call", "complaint": True}
        body = {"events": [{"key": key, "table": "interactions", "row": {**row, "text": TEXT.format(key)}}]}
        return "an event", ("POST", "/events", json.dumps(body).encode(), JSON)

    def customer(self, _client: int, _number: int) -> tuple[str, Request]:
        """A customer's page."""
        who = self._who[int(self._lot.integers(len(self._who)))]
        return "a customer", ("GET", f"/customers/{who}", None, JSON)

    def mixed(self, client: int, number: int) -> tuple[str, Request]:
        """Of ten requests eight score, one asks for a customer, and one is an event."""
        kind = number % 10
        return self.event(client, number) if kind == 0 else (self.customer if kind == 5 else self.score)(client, number)


def main(repository: Path, spec: str, *, copies: int, minutes: float) -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        measured(enlarged(repository, spec, folder=Path(folder), copies=copies), spec, copies=copies, minutes=minutes)


def measured(root: Path, spec: str, *, copies: int, minutes: float) -> None:
    """Print the figures of an enlarged checkout."""
    rows = matrices.to_score(Workspace(root, spec).matrix)
    who = customers(root, spec, copies=copies)
    with served(root, spec) as one:
        first = f"{copies:,} copies, {len(who):,} active customers: ready after {one.seconds:.0f} s, tables sorted"
    with served(root, spec) as one:
        port = one.port
        print(f"{first}; started again {one.seconds:.1f} s\n\n{HEADER}", flush=True)
        names = [one["name"] for one in _get(port, "/columns")["columns"]]
        until = pd.Timestamp(_get(port, "/version")["specs"][0]["data_until"])
        asking = Asking(rows, names, who, day=f"{until - pd.Timedelta(days=1):%Y-%m-%dT%H:%M:%S}")
        for ask in (asking.score, asking.customer, asking.event):
            by_clients(port, ask)
        if minutes:
            found = paced(port, 8 * CLIENTS, 60 * minutes, RATE, asking.mixed)
            table(f"{RATE:.0f} a second, {minutes:.0f} minutes", found, sorted(found.seconds))
        with served_by_mlflow(root, spec) as other:
            by_clients(other.port, asking.score_by_mlflow)
        print(f"\n{batches(root, spec, port, rows, names)}", flush=True)


def by_clients(port: int, ask: Callable[[int, int], tuple[str, Request]]) -> None:
    """Print what one client sees, and what each of several does."""
    alone = closed(port, 1, 5.0, ask)
    table("1 client", alone, list(alone.seconds))
    found = closed(port, CLIENTS, SECONDS, ask)
    table(f"{CLIENTS} clients", found, list(found.seconds))


def batches(repository: Path, spec: str, port: int, rows: pd.DataFrame, names: list[str]) -> str:
    """Rows a second of Arrow streams, and of the bare boosters with the same rows as doubles, by turns."""
    mlflow.set_tracking_uri(mlflow_runs.uri(repository))
    scorer: Any = mlflow.pyfunc.load_model(f"models:/{spec}@champion").unwrap_python_model().scorer
    many = pd.concat([rows[names]] * (BATCH // len(rows) + 1), ignore_index=True).head(BATCH)
    sink = pa.BufferOutputStream()
    arrow = pa.Table.from_pandas(many, preserve_index=False)
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    body, X = sink.getvalue().to_pybytes(), scorer.reader.read(many)
    boosters = [booster for one in scorer.models.values() for booster in getattr(one, "boosters", [])]
    taken: dict[str, list[float]] = {"service": [], "bare": []}
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        _ask(port, "POST", "/score", body)
        middle = time.perf_counter()
        for booster in boosters:
            booster.predict(X, num_threads=os.cpu_count())
        taken["service"].append(middle - began)
        taken["bare"].append(time.perf_counter() - middle)
    service, bare = (BATCH / float(np.median(taken[one][1:])) for one in ("service", "bare"))
    share = f"{service / bare:.0%} of the bare boosters' {bare:,.0f}"
    return f"batches of {BATCH:,} rows as Arrow streams: {service:,.0f} rows a second, {share}"


def _get(port: int, path: str) -> Any:
    return json.loads(_ask(port, "GET", path))


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, {"Content-Type": ARROW} if body else {})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != 200:
        raise AssertionError(f"{path} answered {answer.status}: {said.decode()}")
    return said


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("spec")
    parser.add_argument("--copies", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10.0)
    told = parser.parse_args()
    main(told.repository.resolve(), told.spec, copies=told.copies, minutes=told.minutes)

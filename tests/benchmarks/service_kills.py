"""Kills under load: `python -m tests.benchmarks.service_kills REPOSITORY SPEC [TIMES]`, in a checkout that was run.

Four clients send events, again and again until each is acknowledged, while the service is killed (`kill -9`) at random
and started anew. In the end every event that was acknowledged must be in the database, once.
"""

import http.client
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.service_world import customers, served

TIMES, CLIENTS = 10, 4


class Senders:
    """Clients that send events to whatever port is current; acknowledged are the keys that were."""

    def __init__(self, who: list[str], day: str) -> None:
        self.port, self.acknowledged, self._stopping = 0, set[str](), threading.Event()
        self._who, self._day = who, day
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(CLIENTS)]
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        """End them."""
        self._stopping.set()
        for one in self._threads:
            one.join()

    def _send(self, client: int) -> None:
        place = 0
        while not self._stopping.is_set():
            key, who = f"{client}-{place}", self._who[place % len(self._who)]
            row = {"interaction_id": key, "customer_id": who, "event_at": self._day, "channel": "call"}
            body = {"events": [{"key": key, "table": "interactions", "row": {**row, "complaint": False}}]}
            try:
                found = ask(self.port, "POST", "/events", body)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)
                continue
            if found["events"][0]["state"] in ("new", "known"):
                self.acknowledged.add(key)
                place += 1


def ask(port: int, method: str, path: str, body: Any = None) -> Any:
    """The answer to a request that succeeds. Raises ValueError for another."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        found = json.loads(answer.read())
        if answer.status != 200:
            raise ValueError(f"{path} answered {answer.status}")
        return found
    finally:
        connection.close()


def main(repository: Path, spec: str, times: int) -> None:
    """Kill so often, and print what became of the events."""
    lot, senders = np.random.default_rng(), None
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        database = Path(folder) / "killed.db"
        for place in range(times + 1):
            with served(repository, spec, database=database) as service:
                if senders is None:
                    until = pd.Timestamp(ask(service.port, "GET", "/version")["specs"][0]["data_until"])
                    day = f"{until - pd.Timedelta(days=1):%Y-%m-%dT%H:%M:%S}"
                    senders = Senders(customers(repository, spec, copies=1), day)
                senders.port = service.port
                before = len(senders.acknowledged)
                while len(senders.acknowledged) < before + 20:
                    time.sleep(0.02)
                time.sleep(lot.uniform(0, 1.0))
                if place < times:
                    service.process.kill()
                else:
                    senders.stop()
        with closing(sqlite3.connect(database)) as connection:
            kept = Counter(key for (key,) in connection.execute("SELECT key FROM holdfast_events"))
    lost, twice = senders.acknowledged - set(kept), [key for key, count in kept.items() if count > 1]
    print(
        f"{times} kills: {len(senders.acknowledged):,} acknowledged, {len(lost)} lost, {len(twice)} twice", flush=True
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else TIMES)

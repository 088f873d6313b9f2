from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.files import storage
from pipelines.learning import training_data
from pipelines.matrix import matrices


def test_rows_are_taken_by_their_places_among_all_dates(tmp_path: Path) -> None:
    for month in (1, 2, 3):
        ids = [f"c{month}{place}" for place in range(4)]
        storage.write_parquet(tmp_path / "learn" / f"as_of=2024-0{month}-01.parquet", pa.table({"customer_id": ids}))
    whole = matrices.read(tmp_path, matrices.LEARN)["customer_id"].to_pylist()
    assert matrices.count(tmp_path, matrices.LEARN) == len(whole)
    for index in (np.arange(12), np.array([0, 3, 4, 11]), np.array([5, 6]), np.array([], dtype=np.intp)):
        taken = matrices.taken(tmp_path, matrices.LEARN, index)["customer_id"].to_pylist()
        assert taken == [whole[place] for place in index]


def test_a_part_without_gaps_is_no_copy() -> None:
    X = np.arange(20.0).reshape(10, 2)
    assert np.shares_memory(training_data.part(X, np.arange(3, 8)), X)
    for index in (np.arange(3, 8), np.array([0, 2, 3]), np.array([], dtype=np.intp)):
        assert pd.DataFrame(training_data.part(X, index)).equals(pd.DataFrame(X[index]))
